"""What `dbaas cluster up` keeps in a state directory: whose it is, ports, configuration files."""

import json
import pathlib
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import conf as options
from dbaas.cli import kind
from dbaas.cli.cluster import files, moved
from dbaas.cli.cluster.ports import Ports
from dbaas.exceptions import Conflict
from guestagent.contract import processes


@pytest.mark.parametrize(('first', 'second'), [(kind.EMBEDDED, kind.CLUSTER), (kind.CLUSTER, kind.EMBEDDED)])
def test_a_state_directory_with_instances_stays_what_it_is(tmp_path: pathlib.Path, first: str, second: str) -> None:
    kind.settle(str(tmp_path), first)
    (tmp_path / 'instances' / 'one').mkdir(parents=True)
    with pytest.raises(Conflict, match='holds an instance'):
        kind.settle(str(tmp_path), second)
    assert kind.of(str(tmp_path)) == first
    (tmp_path / 'instances' / 'one').rmdir()
    kind.settle(str(tmp_path), second)
    assert kind.of(str(tmp_path)) == second


def test_a_state_directory_from_before_there_were_kinds(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'dbaas.sqlite').touch()
    (tmp_path / 'instances' / 'one').mkdir(parents=True)
    with pytest.raises(Conflict, match='`dbaas up`'):
        kind.settle(str(tmp_path), kind.CLUSTER)


def test_no_other_kind_while_one_runs(tmp_path: pathlib.Path) -> None:
    kind.settle(str(tmp_path), kind.EMBEDDED)
    assert processes.take_lock(str(tmp_path / 'up.lock')) is not None
    with pytest.raises(Conflict, match='another dbaas runs'):
        kind.settle(str(tmp_path), kind.CLUSTER)


def test_a_port_is_chosen_once_and_anew_when_a_stranger_has_it(tmp_path: pathlib.Path) -> None:
    port = Ports(str(tmp_path)).choose('sql')
    assert Ports(str(tmp_path)).choose('sql') == port
    with socket.create_server(('127.0.0.1', port)):
        assert Ports(str(tmp_path)).choose('sql', runs=True) == port
        assert Ports(str(tmp_path)).choose('sql') != port


def test_what_is_chosen_at_once_is_all_remembered(tmp_path: pathlib.Path) -> None:
    ports, names = Ports(str(tmp_path)), [f'server-{number}' for number in range(20)]
    with ThreadPoolExecutor(len(names)) as pool:
        chosen = list(pool.map(ports.choose, names))
    assert len(set(chosen)) == len(names)
    assert [Ports(str(tmp_path)).get(name) for name in names] == chosen


def test_a_file_is_whole_and_the_servers_win(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'a').write_text('[api]\npage_size = 5\nregion = one\n[database]\nconnection = sqlite://\n')
    (tmp_path / 'b').write_text('[api]\npage_size = 6\n')
    above = files.given([str(tmp_path / 'a'), str(tmp_path / 'b')])
    ours = {'database': {'connection': 'mysql://u:p$w@h/d'}, 'conductor': {'name': None}}
    path = str(tmp_path / 'conf' / 'api.conf')
    assert files.write(path, above, ours)
    assert not files.write(path, above, ours)
    read = options.load(config_files=[path])
    assert (read.api.page_size, read.api.region) == (6, 'one')
    assert read.database.connection == 'mysql://u:p$w@h/d'
    assert (tmp_path / 'conf' / 'api.conf').stat().st_mode & 0o777 == 0o600


def test_agents_are_told_of_a_new_port(tmp_path: pathlib.Path) -> None:
    record = tmp_path / 'instances' / 'one'
    record.mkdir(parents=True)
    (record / 'agent.json').write_text(json.dumps({'transport_url': 'rabbit://u:p@127.0.0.1:5//'}))
    moved.tell(str(tmp_path), 5, 6)
    assert json.loads((record / 'agent.json').read_text())['transport_url'] == 'rabbit://u:p@127.0.0.1:6//'
