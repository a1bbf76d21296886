"""What every cloud must do when what is there is changed: one test per call, each asked twice.

A test module inherits it and gives the fixture `cloud`, as for cloud_contract.py.
"""

from dbaas.cloud.protocol import Rule
from tests.cloud_contract import PORT, RULES, Making


class ChangesContract(Making):
    def seen_rules(self, cloud, security_group):
        """{(port, cidr)} as the cloud tells it, where one can look."""

    def test_resize_confirmed(self, cloud, made):
        larger = cloud.flavors()[1]
        for _ in range(2):
            cloud.resize_server(made, larger)
            seen = self.until_server(cloud, made, 'VERIFY_RESIZE', 'ACTIVE')
            assert seen.flavor == larger.id
        for _ in range(2):
            cloud.confirm_resize(made)
            seen = self.until_server(cloud, made, 'ACTIVE')
            assert seen.flavor == larger.id

    def test_resize_reverted(self, cloud, made):
        smaller, larger = cloud.flavors()[:2]
        cloud.resize_server(made, larger)
        self.until_server(cloud, made, 'VERIFY_RESIZE', 'ACTIVE')
        self.reverted(cloud, made, smaller)

    def test_revert_of_a_resize_that_was_confirmed(self, cloud, made):
        """An undo may find anything."""
        smaller, larger = cloud.flavors()[:2]
        cloud.resize_server(made, larger)
        self.until_server(cloud, made, 'VERIFY_RESIZE', 'ACTIVE')
        cloud.confirm_resize(made)
        self.until_server(cloud, made, 'ACTIVE')
        self.reverted(cloud, made, smaller)

    def test_revert_at_once(self, cloud, made):
        """Before the resize has come anywhere."""
        smaller, larger = cloud.flavors()[:2]
        cloud.resize_server(made, larger)
        self.reverted(cloud, made, smaller)

    def test_revert_of_a_resize_that_never_was(self, cloud, made):
        self.reverted(cloud, made, cloud.flavors()[0])

    def reverted(self, cloud, server, flavor):
        """Asked again and again, as a step does that parks in between."""

        def back():
            cloud.revert_resize(server, flavor)
            seen = cloud.server_by_id(server)
            return (seen.status, seen.flavor) == ('ACTIVE', flavor.id)

        self.until(back, 'the server is ACTIVE on its old flavor')
        cloud.revert_resize(server, flavor)
        assert cloud.server_by_id(server).status == 'ACTIVE'

    def test_extend_in_use(self, cloud, owner, made):
        volume = self.volume_of(cloud, owner)
        self.until_volume(cloud, volume, 'IN-USE')
        for size in (2, 2, 1):
            cloud.extend_volume(volume, size)
            self.until_volume(cloud, volume, 'IN-USE', size=2)
        assert cloud.server_by_id(made).status == 'ACTIVE'

    def volume_of(self, cloud, owner):
        return next(r.id for r in cloud.resources(owner.instance) if r.kind == 'volume')

    def test_reboot(self, cloud, made):
        for hard in (False, True):
            cloud.reboot_server(made, hard)
            self.until_server(cloud, made, 'ACTIVE')

    def test_stop_and_start(self, cloud, made):
        for _ in range(2):
            cloud.stop_server(made)
            self.until_server(cloud, made, 'SHUTOFF')
        for _ in range(2):
            cloud.start_server(made)
            self.until_server(cloud, made, 'ACTIVE')

    def test_one_change_right_after_the_other(self, cloud, made):
        """At rest means that the next one is taken."""
        cloud.reboot_server(made)
        self.until_server(cloud, made, 'ACTIVE')
        cloud.stop_server(made)
        self.until_server(cloud, made, 'SHUTOFF')
        cloud.start_server(made)
        self.until_server(cloud, made, 'ACTIVE')

    def test_rebuild(self, cloud, owner, made):
        before = [r for r in cloud.resources(owner.instance) if r.kind != 'server']
        cloud.rebuild_server(made, self.image, {'instance': owner.instance, 'key': 'another'})
        self.until_server(cloud, made, 'ACTIVE')
        assert [r for r in cloud.resources(owner.instance) if r.kind != 'server'] == before
        assert self.until_volume(cloud, self.volume_of(cloud, owner), 'IN-USE')

    def test_snapshot_of_a_volume_in_use(self, cloud, owner, made):
        snapshot = self.made_snapshot(cloud, owner)
        assert cloud.create_snapshot(owner, 'snapshot', self.volume_of(cloud, owner)).id == snapshot
        assert cloud.snapshot_by_id(snapshot).size == 1
        assert [r.id for r in cloud.resources(owner.instance) if r.kind == 'snapshot'] == [snapshot]
        for _ in range(2):
            cloud.delete_snapshot(owner, 'snapshot')
        self.until(lambda: cloud.snapshot_by_id(snapshot) is None, 'the snapshot is gone')

    def test_volume_from_a_snapshot(self, cloud, owner, made):
        snapshot = self.made_snapshot(cloud, owner)
        copy = cloud.create_volume(owner, 'volume-2', 2, snapshot=snapshot)
        assert cloud.create_volume(owner, 'volume-2', 2, snapshot=snapshot).id == copy.id
        self.until_volume(cloud, copy.id, 'AVAILABLE', size=2)
        for _ in range(2):
            cloud.delete_volume(owner, 'volume-2')
        self.until(lambda: cloud.volume(copy.id) is None, 'the copy is gone')

    def made_snapshot(self, cloud, owner):
        made = cloud.create_snapshot(owner, 'snapshot', self.volume_of(cloud, owner))
        self.until(lambda: cloud.snapshot_by_id(made.id).status == 'AVAILABLE', 'the snapshot is AVAILABLE')
        return made.id

    def test_security_rules_are_exactly_these(self, cloud, owner):
        group = cloud.create_security_group(owner, 'security-group', RULES)
        wanted = [Rule(PORT, '192.0.2.0/24'), Rule(PORT, '2001:db8::/32'), Rule(PORT + 1, '0.0.0.0/0')]
        for rules in (wanted, wanted, []):
            cloud.set_security_rules(group, rules)
            if (seen := self.seen_rules(cloud, group)) is not None:
                assert seen == {(r.port, r.cidr) for r in rules}
        cloud.forget(owner.instance)
