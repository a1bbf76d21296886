"""Requests about instances. Unknown keys: refused at the root, ignored in a new instance, refused in an update."""

from typing import Any

import marshmallow as ma

from dbaas.api import fields


class Inner(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE


class NewVolume(Inner):
    size = fields.Count(required=True, numerals=True, metadata={'description': 'GiB'})
    type = fields.Text(allow_none=True)


class DatastoreRef(Inner):
    type = fields.Text(metadata={'description': 'name or id'})
    version = fields.Text(metadata={'description': 'name or id'})
    version_number = fields.Text()


class Database(Inner):
    name = fields.Text(required=True, free=True, longest=1024)
    character_set = fields.Text()
    collate = fields.Text()


class DatabaseRef(Inner):
    name = fields.Text(required=True, free=True, longest=1024)


class User(Inner):
    name = fields.Text(required=True, free=True, longest=1024)
    password = fields.Text(required=True, load_only=True)
    host = fields.Text(free=True)
    databases = ma.fields.List(ma.fields.Nested(DatabaseRef), load_default=list)

    @ma.post_load
    def _names(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, 'databases': [database['name'] for database in data['databases']]}


class NewAccess(Inner):
    is_public = fields.Flag()
    allowed_cidrs = ma.fields.List(fields.Network())

    @ma.validates('allowed_cidrs')
    def _unique(self, cidrs: list[str], **_: Any) -> None:
        if len(set(cidrs)) < len(cidrs):
            raise ma.ValidationError('Contains a network twice.')


class Nic(ma.Schema):
    net_id = fields.Text(data_key='net-id')
    network_id = fields.Text()
    subnet_id = fields.Text()
    ip_address = fields.Text()
    fixed_ip = fields.Text(data_key='v4-fixed-ip')


class Ref(Inner):
    id = ma.fields.UUID(required=True)


class RestorePoint(Inner):
    backupRef = fields.Text(required=True)


class NewInstance(Inner):
    """flavorRef, or openstacksdk's `flavor`, is loaded as `flavor`: its id."""

    name = fields.Text(required=True)
    flavorRef = fields.FlavorRef()
    flavor = fields.FlavorRef()
    volume = ma.fields.Nested(NewVolume)
    datastore = ma.fields.Nested(DatastoreRef, load_default=dict)
    databases = ma.fields.List(ma.fields.Nested(Database), load_default=list)
    users = ma.fields.List(ma.fields.Nested(User), load_default=list)
    access = ma.fields.Nested(NewAccess, load_default=dict)
    region_name = fields.Text()
    configuration = ma.fields.UUID()
    restorePoint = ma.fields.Nested(RestorePoint)
    replica_of = ma.fields.UUID()
    replica_count = fields.Count(validate=ma.validate.Range(max=3))
    availability_zone = fields.Text()
    nics = ma.fields.List(ma.fields.Nested(Nic))
    modules = ma.fields.List(ma.fields.Nested(Ref))
    locality = fields.Text(
        validate=ma.validate.OneOf(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity'])
    )

    @ma.post_load
    def _one_flavor(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        flavor = data.pop('flavorRef', data.get('flavor'))
        return data if flavor is None else {**data, 'flavor': flavor}


class Create(ma.Schema):
    instance = ma.fields.Nested(NewInstance, required=True)


class Rename(ma.Schema):
    """Only the name can be changed yet; the other attributes are Trove's, and are answered by name."""

    name = fields.Text()
    configuration = ma.fields.UUID(allow_none=True)
    replica_of = ma.fields.Raw(allow_none=True)
    datastore_version = fields.Text()


class PutAccess(NewAccess):
    class Meta:
        unknown = ma.RAISE


class PutAttributes(Rename):
    access = ma.fields.Nested(PutAccess)


class PatchAttributes(Rename):
    slave_of = ma.fields.Raw(allow_none=True)


class Put(ma.Schema):
    instance = ma.fields.Nested(PutAttributes, required=True)


class Patch(ma.Schema):
    instance = ma.fields.Nested(PatchAttributes, required=True)


class ResetStatus(Inner):
    force_delete = ma.fields.Raw(allow_none=True, metadata={'description': 'asks for instance:force_delete'})


class ResetStatusAction(ma.Schema):
    reset_status = ma.fields.Nested(ResetStatus, required=True)
