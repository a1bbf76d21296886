"""An instance as clients see it: Trove's brief and detailed form."""

from typing import Any

import marshmallow as ma

from dbaas.api import fields, paging
from dbaas.api.guards import context
from dbaas.services.instances import Found


class InstanceFlavor(ma.Schema):
    id = ma.fields.String()
    links = paging.links_field()


class InstanceDatastore(ma.Schema):
    type = ma.fields.String()
    version = ma.fields.String()
    version_number = ma.fields.String()


class InstanceVolume(ma.Schema):
    size = ma.fields.Integer(metadata={'description': 'GiB'})
    used = ma.fields.Float(metadata={'description': 'GiB, as last reported'})
    used_percent = ma.fields.Float()


class Address(ma.Schema):
    address = ma.fields.String()
    type = ma.fields.String(metadata={'description': 'private or public'})
    network = ma.fields.String()


class InstanceAccess(ma.Schema):
    is_public = ma.fields.Boolean()
    allowed_cidrs = ma.fields.List(ma.fields.String())


class InstanceFault(ma.Schema):
    message = ma.fields.String()
    created = ma.fields.String()
    details = ma.fields.String(allow_none=True)


class InstanceBrief(ma.Schema):
    """tenant_id: for administrators."""

    id = ma.fields.String()
    name = ma.fields.String()
    status = ma.fields.String()
    operating_status = ma.fields.String()
    links = paging.links_field()
    flavor = ma.fields.Nested(InstanceFlavor)
    datastore = ma.fields.Nested(InstanceDatastore)
    region = ma.fields.String()
    access = ma.fields.Nested(InstanceAccess)
    volume = ma.fields.Nested(InstanceVolume)
    ip = ma.fields.List(ma.fields.String())
    addresses = ma.fields.List(ma.fields.Nested(Address))
    tenant_id = ma.fields.String()


class InstanceDetail(InstanceBrief):
    """server_id, volume_id and encrypted_rpc_messaging: for administrators."""

    created = ma.fields.String()
    updated = ma.fields.String()
    service_status_updated = ma.fields.String()
    fault = ma.fields.Nested(InstanceFault)
    server_id = ma.fields.String(allow_none=True)
    volume_id = ma.fields.String(allow_none=True)
    encrypted_rpc_messaging = ma.fields.Boolean()


class OneInstance(ma.Schema):
    instance = ma.fields.Nested(InstanceDetail)


class BriefList(ma.Schema):
    instances = ma.fields.List(ma.fields.Nested(InstanceBrief))
    links = paging.links_field()
    instances_links = paging.links_field()


class DetailList(BriefList):
    instances = ma.fields.List(ma.fields.Nested(InstanceDetail))


def brief(found: Found) -> dict[str, Any]:
    row, seen = found
    view = {
        'id': row.id,
        'name': row.name,
        'status': seen.status,
        'operating_status': seen.operating_status,
        'links': paging.resource_links(f'/instances/{row.id}'),
        'flavor': {'id': row.flavor['id'], 'links': paging.resource_links(f'/flavors/{row.flavor["id"]}')},
        'datastore': {'type': row.datastore, 'version': row.datastore_version},
        'region': row.region,
        'access': row.access,
        'volume': {'size': row.volume_size},
    }
    if row.addresses:
        view['ip'] = [place['address'] for place in row.addresses]
        view['addresses'] = row.addresses
    if context().is_admin:
        view['tenant_id'] = row.project_id
    return view


def detail(found: Found) -> dict[str, Any]:
    """Without what only a look at the guest can tell."""
    row, seen = found
    view = brief(found)
    view['datastore']['version_number'] = row.version_number
    reported = row.updated if row.guest_at is None else row.guest_at
    view |= {
        'created': fields.timestamp(row.created),
        'updated': fields.timestamp(row.updated),
        'service_status_updated': fields.timestamp(reported),
    }
    if seen.fault is not None:
        view['fault'] = _fault(seen.fault)
    if context().is_admin:
        view |= {'server_id': row.server_id, 'volume_id': row.volume_id, 'encrypted_rpc_messaging': True}
    return view


def full(found: Found) -> dict[str, Any]:
    """The detailed form with the volume's use as the guest last reported it (volume: {used, total} in bytes)."""
    view = detail(found)
    volume = (found[0].guest_details or {}).get('volume') or {}
    if volume.get('used') is not None:
        view['volume']['used'] = round(volume['used'] / 2**30, 2)
        if volume.get('total'):
            view['volume']['used_percent'] = round(100 * volume['used'] / volume['total'], 1)
    return view


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    return {
        'message': fault['message'],
        'created': fields.timestamp(fault['created']),
        'details': fault.get('details') if context().is_admin else None,
    }
