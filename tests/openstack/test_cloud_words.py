"""The driver's own words: statuses, names, errors, user data. Nothing is asked of a cloud here."""

import base64
import email

import pytest
import requests

import conf
from dbaas.cloud import haste
from dbaas.cloud.openstack import names, user_data
from dbaas.cloud.openstack.changes import _way_back as way_back
from dbaas.cloud.openstack.segments import chunks
from dbaas.cloud.openstack.servers import server_of
from dbaas.cloud.openstack.service import Refused, Service
from dbaas.cloud.openstack.services import Services, whole
from dbaas.cloud.openstack.tries import Passing, Tries
from dbaas.cloud.openstack.volumes import volume_of
from dbaas.cloud.protocol import Flavor, Owner
from dbaas.exceptions import CloudError, CloudUnavailable

OWNER = Owner('11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222', 'a-project-1')
SMALL = Flavor('small', 'small', ram=512, vcpus=1)


def server(status, task=None, flavor='small', **more):
    return {'id': 's', 'status': status, 'OS-EXT-STS:task_state': task, 'flavor': {'id': flavor}, **more}


@pytest.mark.parametrize(
    'status, task, told',
    [
        ('BUILD', 'spawning', 'BUILD'),
        ('BUILD', None, 'BUILD'),
        ('BUILD', 'deleting', 'CHANGING'),
        ('ACTIVE', None, 'ACTIVE'),
        ('ACTIVE', 'powering-off', 'CHANGING'),
        ('ACTIVE', 'resize_prep', 'CHANGING'),
        ('RESIZE', 'resize_migrating', 'CHANGING'),
        ('VERIFY_RESIZE', None, 'VERIFY_RESIZE'),
        ('VERIFY_RESIZE', 'resize_reverting', 'CHANGING'),
        ('REVERT_RESIZE', 'resize_reverting', 'CHANGING'),
        ('REBOOT', 'rebooting', 'CHANGING'),
        ('REBUILD', 'rebuilding', 'CHANGING'),
        ('SHUTOFF', None, 'SHUTOFF'),
        ('SHUTOFF', 'powering-on', 'CHANGING'),
        ('UNKNOWN', None, 'CHANGING'),
        ('PAUSED', None, 'ERROR'),
        ('ERROR', None, 'ERROR'),
        ('ERROR', 'deleting', 'ERROR'),
    ],
)
def test_a_server_is_at_rest_when_no_task_is_under_way(status, task, told):
    assert server_of(server(status, task)).status == told


@pytest.mark.parametrize(
    'given, used',
    [
        ('https://cloud.example:8774', 'https://cloud.example:8774/v2.1'),
        ('https://cloud.example/compute/', 'https://cloud.example/compute/v2.1'),
        ('https://cloud.example/compute/v2', 'https://cloud.example/compute/v2'),
        ('https://v2cloud.example', 'https://v2cloud.example/v2.1'),
        ('https://v2cloud.example/v2.1', 'https://v2cloud.example/v2.1'),
    ],
)
def test_the_version_is_in_the_path_and_not_in_the_hosts_name(given, used):
    assert whole(given, '/v2.1') == used


@pytest.mark.parametrize('host', ['cloud.example', 'v2cloud.example:8080', 'cloud.example/swift'])
def test_above_version_and_account(host):
    below = Service(None, 'Swift', 'object-store', f'https://{host}/v1/AUTH_p')
    assert below.above()._url == f'https://{host}'


def test_a_fault_is_the_clouds_own():
    assert server_of(server('ERROR', fault={'message': 'No valid host'})).fault == 'No valid host'
    assert server_of(server('SUSPENDED')).fault.startswith('the server is SUSPENDED')


@pytest.mark.parametrize(
    'status, told',
    [
        ('creating', 'BUILD'), ('available', 'AVAILABLE'), ('in-use', 'IN-USE'), ('extending', 'CHANGING'),
        ('reserved', 'CHANGING'), ('detaching', 'CHANGING'), ('deleting', 'CHANGING'), ('error', 'ERROR'),
        ('error_extending', 'ERROR'), ('error_deleting', 'ERROR'),
    ],
)  # fmt: skip
def test_statuses_of_volumes(status, told):
    assert volume_of({'id': 'v', 'status': status, 'size': 1, 'volume_type': None}).status == told


@pytest.mark.parametrize(
    'status, flavor, step',
    [
        ('VERIFY_RESIZE', 'large', 'revertResize'),
        ('VERIFY_RESIZE', 'small', 'confirmResize'),
        ('ACTIVE', 'large', 'resize'),
        ('SHUTOFF', 'small', 'os-start'),
        ('ERROR', 'small', 'reboot'),
    ],
)
def test_the_way_back_from_a_resize(status, flavor, step):
    assert list(way_back(server(status, flavor=flavor), SMALL)) == [step]


def test_the_way_back_ends():
    assert way_back(server('ACTIVE'), SMALL) is None
    with pytest.raises(CloudError, match='in ERROR on flavor large; reset its state'):
        way_back(server('ERROR', flavor='large'), SMALL)


def test_a_name_holds_its_owner():
    for word in ('port', 'management-port', 'volume-2'):
        assert names.read(names.name_of(OWNER, word)) == (OWNER, word)
    for foreign in (None, '', 'dbaas-x', 'web-1', f'dbaas-{OWNER.instance}'):
        assert names.read(foreign) is None
    assert all(len(tag) <= 60 for tag in names.tags(OWNER, 'management-port'))


def answered(status, body='', **headers):
    """What the driver makes of such an answer."""
    answer = requests.Response()
    answer.status_code, answer._content, answer.reason = status, body.encode(), 'Reason'
    answer.headers.update({name.replace('_', '-'): value for name, value in headers.items()})
    with pytest.raises(CloudError) as error:
        Service._judged('Nova: POST /servers', answer)
    return error.value


def test_an_error_says_what_failed_and_what_to_do():
    error = answered(403, '{"forbidden": {"message": "Quota exceeded for cores", "code": 403}}')
    assert isinstance(error, Refused)
    assert str(error).startswith('Nova: POST /servers: 403 Quota exceeded for cores; check the roles')
    assert str(answered(418, 'no json')) == 'Nova: POST /servers: 418 Reason; see the log of the service'


def test_what_was_sent_is_not_repeated_in_an_error():
    said = "Invalid input for field/attribute user_data. Value: c2VjcmV0. 'c2VjcmV0' is too long"
    assert 'c2VjcmV0' not in str(answered(400, f'{{"badRequest": {{"message": "{said}"}}}}'))


@pytest.mark.parametrize('status', [429, 500, 502, 503, 504])
def test_what_may_pass(status):
    error = answered(status, Retry_After='7')
    assert isinstance(error, Passing) and error.after == 7
    assert answered(status, Retry_After='Sat, 21 Nov 1998 20:00:00 GMT').after == 0
    assert answered(status, Retry_After='soon').after is None


def test_tries_end_and_pauses_are_those_asked_for():
    pauses, errors = [], iter([Passing('a'), Passing('b', after=1.5), Passing('c', after=3600)])

    def fails():
        raise next(errors)

    with pytest.raises(CloudUnavailable, match='c; tried for 60 s: resume when it is back'):
        Tries(60, pauses.append)(fails)
    assert 0.05 <= pauses[0] <= 0.1 and pauses[1:] == [1.5]


def test_who_looks_again_anyway_has_one_try():
    def fails():
        raise Passing('a', after=7.0)

    with haste.once(), pytest.raises(CloudUnavailable, match=r'^a$') as raised:
        Tries(60, pytest.fail)(fails)
    assert raised.value.after == 7.0


def test_the_operators_part_is_merged_with_ours(tmp_path):
    path = tmp_path / 'own.yaml'
    path.write_text('#cloud-config\nwrite_files: [{path: /etc/motd, content: hello}]\n')
    document = email.message_from_bytes(base64.b64decode(user_data.compose({'key': 'k'}, str(path))))
    ours, own = document.get_payload()
    assert ours['Merge-Type'] == own['Merge-Type'] == 'list(append)+dict(no_replace,recurse_list)+str()'
    assert own.get_content_type() == 'text/cloud-config' and b'/etc/motd' in own.get_payload(decode=True)


@pytest.mark.parametrize('content, said', [('words', 'starts with none of'), ('#!/bin/sh\n' + 'x' * 60000, 'shorten')])
def test_an_operators_part_that_does_not_fit(tmp_path, content, said):
    path = tmp_path / 'own'
    path.write_text(content)
    with pytest.raises(CloudError, match=said):
        user_data.compose({}, str(path))
    with pytest.raises(CloudError, match='cannot be read'):
        user_data.compose({}, str(tmp_path / 'missing'))


def test_chunks():
    assert list(chunks([b'ab', b'', b'cdefg'], 3)) == [b'abc', b'def', b'g']
    assert list(chunks([], 3)) == []


def test_a_cloud_that_clouds_yaml_does_not_know(tmp_path):
    (tmp_path / 'clouds.yaml').write_text('clouds: {}\n')
    loaded = conf.load()
    loaded.set_override('clouds_file', str(tmp_path / 'clouds.yaml'), group='openstack')
    with pytest.raises(CloudError, match=r'^The cloud of \[openstack\] cannot be used: Cloud dbaas was not found'):
        _ = Services(loaded.openstack).project
