# make run: a database as a service on this machine. make cluster: the same on real servers, in several processes.
# make test: everything that must hold.

DBAAS_STATE ?= ./var
DBAAS_PORT ?= 8779
TESTS ?= tests
JOBS ?= 2
SEED ?= 0
SEEDS ?= 5000
MINUTES ?= 5
BIN := .venv/bin
DATASTORE ?= mariadb
GUEST := $(or $(DBAAS_OPENSTACK),.openstack)/$(or $(DBAAS_GUEST_NAME),guest)
IMAGE ?= dbaas-$(notdir $(GUEST))
REGISTER = $(BIN)/dbaas-manage --config-file "$(CONFIG)" image register "$(IMAGE)" --datastore "$(DATASTORE)" \
	$(if $(VERSION),--version "$(VERSION)") --disk "$(GUEST)/disk.raw" --kernel "$(GUEST)/vmlinuz" --ramdisk "$(GUEST)/initrd"
ARCHIVE := $(or $(DBAAS_OPENSTACK),.openstack)/archives/mariadb-11.8.tar

.PHONY: install run down install-cluster cluster cluster-down clean test test-databases install-test install-openstack install-services install-rootfs test-openstack test-openstack-flows lint bench chaos chaos-engine guest-image build-guest install-guest test-vm

install:
	@tools/install

run: install
	@$(BIN)/dbaas up --demo --state "$(DBAAS_STATE)" --port "$(DBAAS_PORT)"

down:
	@$(BIN)/dbaas down --state "$(DBAAS_STATE)"

install-cluster:
	@tools/install --cluster

cluster: install-cluster
	@$(BIN)/dbaas cluster up --demo --state "$(DBAAS_STATE)" --port "$(DBAAS_PORT)"

cluster-down:
	@$(BIN)/dbaas cluster down --state "$(DBAAS_STATE)"

clean:
	@tools/clean "$(DBAAS_STATE)"

install-test:
	@tools/install --test

# the services of the test cloud, and what its machines boot (only root can have either)
install-openstack: install-services install-rootfs

install-services: install-test
	@tools/install-openstack

install-rootfs: install-test
	@[ "$$(id -u)" != 0 ] || tools/guest-image rootfs

test: install-openstack
	$(BIN)/python -m pytest -p tests.second_look -n $(JOBS) --dist loadgroup $(TESTS)

# as root: everything that runs on the test cloud
test-openstack: install-openstack
	$(BIN)/python -m pytest -n 0 tests/openstack

# as root: what every flow must pass, all of it, on that cloud; hours
test-openstack-flows: install-openstack
	DBAAS_TEST_OPENSTACK=all $(BIN)/python -m pytest -n 0 -k test_every_flow tests/openstack

test-databases: install-test
	DBAAS_TEST_DATABASES=all $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup tests/flows

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-cluster
	$(BIN)/python -m bench

# real processes, for MINUTES
chaos: install-test
	$(BIN)/python -m tests.functional.havoc --seed $(SEED) --minutes $(MINUTES)

# the engine alone, SEEDS times from SEED on
chaos-engine: install-test
	CHAOS_FIRST=$(SEED) CHAOS_SEEDS=$(SEEDS) $(BIN)/python -m pytest -n $(JOBS) tests/flows/test_chaos.py

# as root: what machines of instances boot, in .openstack/guest (docs/guest-image.md); with CONFIG=file it is also
# registered in that deployment's Glance, and for VERSION of DATASTORE
guest-image: build-guest
	@$(if $(CONFIG),$(REGISTER),echo "guest-image: $(GUEST)/disk.raw is built; to register it: make guest-image CONFIG=FILE")

build-guest: install-guest
	@tools/guest-image

install-guest:
	@tools/install --guest

# as root: emulated virtual machines of that image, and of one whose databases run in containers; minutes
test-vm: install-openstack
	@tools/install-vm
	@tools/guest-image
	@tools/container-archive trixie $(ARCHIVE) mariadb-server-core mariadb-client-core
	@DBAAS_GUEST_NAME=guest-container DBAAS_GUEST_PACKAGES='docker.io apparmor' DBAAS_GUEST_ARCHIVES=$(ARCHIVE) \
		tools/guest-image
	$(BIN)/python -m pytest -n 0 tests/vm
