"""The real server: answers of its own are Trove's faults too."""

import json
import socket

import pytest

from tests.api.house import House


def _raw(url: str, request: bytes) -> tuple[str, dict[str, str], bytes]:
    host, port = url.removeprefix('http://').split(':')
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        answer = b''
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b'\r\n\r\n')
    status, *lines = head.decode().split('\r\n')
    return status, {k.lower(): v for k, v in (line.split(': ', 1) for line in lines)}, body


@pytest.mark.parametrize(
    ('request_', 'code', 'name'),
    [
        (b'GARBAGE\r\n\r\n', 400, 'badRequest'),
        (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n', 413, 'overLimit'),
        (b'GET //instances HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 'itemNotFound'),
        (b'GET /v1.0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 401, 'unauthorized'),
    ],
)
def test_every_answer_is_a_fault_with_a_request_id(house: House, request_: bytes, code: int, name: str) -> None:
    with house.served() as url:
        status, headers, body = _raw(url, request_)
    assert status.split()[1] == str(code)
    assert headers['x-openstack-request-id'].startswith('req-') and 'server' not in headers
    assert json.loads(body)[name]['code'] == code


def test_a_client_cannot_pretend_a_rehearsal(house: House) -> None:
    body = json.dumps(house.request()).encode()
    head = (
        'POST /v1.0/demo/instances HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: member-token\r\n'
        f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\nDbaas.Rehearsal: x\r\n\r\n'
    )
    with house.served() as url:
        status, _, _ = _raw(url, head.encode() + body)
    assert status.split()[1] == '200' and len(house.get('/instances')['instances']) == 1
