"""Keystone's documents, as far as clients that log in read them."""

from typing import Any

import marshmallow as ma

from dbaas.api.fields import Text


class _Lenient(ma.Schema):
    """Clients send more than we know."""

    class Meta:
        unknown = ma.EXCLUDE


class Reference(_Lenient):
    id = Text(free=True)
    name = Text(free=True)


class Named(Reference):
    domain = ma.fields.Nested(Reference)


class PasswordUser(Named):
    password = Text(free=True, longest=1024, required=True)


class Password(_Lenient):
    user = ma.fields.Nested(PasswordUser, required=True)


class TokenMethod(_Lenient):
    id = Text(free=True, longest=4096, required=True)


class Identity(_Lenient):
    methods = ma.fields.List(Text(), required=True, validate=ma.validate.Length(min=1, max=8))
    password = ma.fields.Nested(Password)
    token = ma.fields.Nested(TokenMethod)


class Scope(ma.fields.Field):
    """'unscoped', or an object with one of project, domain, system..."""

    default_error_messages = {'invalid': 'Not a scope.'}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if value == 'unscoped':
            return {'unscoped': {}}
        if not isinstance(value, dict) or len(value) != 1:
            raise self.make_error('invalid')
        if 'project' in value:
            return {'project': Named().load(value['project'])}
        return value


class Auth(_Lenient):
    identity = ma.fields.Nested(Identity, required=True)
    scope = Scope()


class AuthRequest(ma.Schema):
    auth = ma.fields.Nested(Auth, required=True)


class TokenDocument(ma.Schema):
    token = ma.fields.Dict(required=True)


class Catalog(ma.Schema):
    catalog = ma.fields.List(ma.fields.Dict())
    links = ma.fields.Dict()


class ProjectDocument(ma.Schema):
    project = ma.fields.Dict(required=True)


class Projects(ma.Schema):
    projects = ma.fields.List(ma.fields.Dict(), required=True)
    links = ma.fields.Dict()


class UserDocument(ma.Schema):
    user = ma.fields.Dict(required=True)


class ProjectFilter(ma.Schema):
    """In the query of a list."""

    name = Text(free=True)
    domain_id = Text(free=True)
    enabled = Text(free=True)


class VersionDocument(ma.Schema):
    version = ma.fields.Dict(required=True)


class VersionList(ma.Schema):
    values = ma.fields.List(ma.fields.Dict(), required=True)


class VersionsDocument(ma.Schema):
    versions = ma.fields.Nested(VersionList, required=True)
