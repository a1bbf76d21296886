"""The fault proxy: what every service is reached through by `public`. Arguments: STATE CONTROL SERVICE:PORT:TARGET...

It changes nothing but what a rule says: headers (Host too) and bodies pass as they are, whatever their size.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import h11

from . import control
from .rules import Rule, Rules

BLOCK = 1 << 16
SHORT = 1 << 16  # bytes of a body that rules are compared with
STATUS = {'too-many': 429, 'error': 500, 'unavailable': 503}


class Dropped(Exception):
    """This connection ends without a word."""


class End:
    """One end of an HTTP connection: events of h11 in and out."""

    def __init__(self, role: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.http = h11.Connection(role)
        self.reader, self.writer = reader, writer

    async def receive(self) -> object:
        while True:
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self.http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.http.receive_data(await self.reader.read(BLOCK))

    async def send(self, event: object) -> None:
        if data := self.http.send(event):
            self.writer.write(data)
            await self.writer.drain()

    async def body(self) -> AsyncIterator[object]:
        """Up to the end of the message, and that too."""
        while True:
            event = await self.receive()
            if isinstance(event, h11.ConnectionClosed):
                raise Dropped
            yield event
            if isinstance(event, h11.EndOfMessage):
                return


class Proxy:
    """service: its name; target: its own port."""

    def __init__(self, service: str, target: int, rules: Rules):
        self._service, self._target, self._rules = service, target, rules

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = End(h11.SERVER, reader, writer)
        try:
            while isinstance(request := await client.receive(), h11.Request):
                await self._call(client, request)
                if client.http.our_state is not h11.DONE or client.http.their_state is not h11.DONE:
                    break
                client.http.start_next_cycle()
        except (Dropped, OSError, h11.ProtocolError):
            writer.transport.abort()
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _call(self, client: End, request: h11.Request) -> None:
        method, path = request.method.decode(), request.target.decode()
        early = [event async for event in client.body()] if _is_short(request) else []
        content = b''.join(bytes(event.data) for event in early if isinstance(event, h11.Data))
        rule = self._rules.strike(self._service, method, path, content.decode(errors='replace'))
        status = 0
        try:
            if rule and rule.kind == 'latency':
                await asyncio.sleep(rule.seconds)
            if rule and rule.kind in STATUS:
                status = STATUS[rule.kind]
                await _refuse(client, status, rule)
            elif rule and rule.kind == 'drop-before':
                raise Dropped
            else:
                status = await self._forward(client, request, early, rule.kind if rule else '')
        finally:
            self._rules.note(self._service, method, path, status, rule.kind if rule else '')

    async def _forward(self, client: End, request: h11.Request, early: list, trouble: str) -> int:
        """The service does its work; who hears how much of it depends on the trouble. -> the status."""
        target = End(h11.CLIENT, *await asyncio.open_connection('127.0.0.1', self._target))
        try:
            kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() != b'expect']
            await target.send(h11.Request(method=request.method, target=request.target, headers=kept))
            sending = asyncio.create_task(_pass_on(client, target, early))
            try:
                return await self._answer(client, target, trouble)
            finally:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError, h11.ProtocolError, Dropped):
                    await sending
        finally:
            target.writer.close()

    async def _answer(self, client: End, target: End, trouble: str) -> int:
        lose = trouble == 'drop-after'
        while isinstance(event := await target.receive(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise Dropped
        if not lose:
            headers = list(event.headers.raw_items())
            await client.send(h11.Response(status_code=event.status_code, headers=headers, reason=event.reason))
        async for part in target.body():
            if not lose:
                await client.send(part)
            if trouble == 'drop-within':
                raise Dropped
        if lose:
            raise Dropped
        return event.status_code


def _is_short(request: h11.Request) -> bool:
    headers = dict(request.headers)
    return b'transfer-encoding' not in headers and int(headers.get(b'content-length', 0)) <= SHORT


async def _pass_on(client: End, target: End, early: list) -> None:
    for event in early:
        await target.send(event)
    if not early:
        async for event in client.body():
            await target.send(event)


async def _refuse(client: End, status: int, rule: Rule) -> None:
    body = json.dumps({'error': {'code': status, 'message': f'rule {rule.id} of the fault proxy'}}).encode()
    headers = [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))]
    if rule.kind == 'too-many':
        headers.append(('Retry-After', f'{rule.seconds:g}'))
    await client.send(h11.Response(status_code=status, headers=headers, reason=b'by rule'))
    await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


async def main() -> None:
    rules = Rules()
    for line in sys.argv[3:]:
        service, port, target = line.split(':')
        await asyncio.start_server(Proxy(service, int(target), rules).serve, '127.0.0.1', int(port), backlog=512)
    control.serve(int(sys.argv[2]), rules)
    await asyncio.Event().wait()


if __name__ == '__main__':
    asyncio.run(main())
