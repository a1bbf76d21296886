"""Everybody sees datastores, administrators change them."""

from dbaas.policy import ADMIN, ANYONE, rule

RULES = (
    rule('datastore:index', ANYONE, 'List datastores.', 'GET', '/datastores'),
    rule('datastore:show', ANYONE, 'Show a datastore.', 'GET', '/datastores/{datastore}'),
    rule('datastore:delete', ADMIN, 'Delete a datastore without versions.', 'DELETE', '/datastores/{datastore}'),
    rule('datastore:version_index', ANYONE, 'List versions.', 'GET', '/datastores/{datastore}/versions'),
    rule('datastore:version_show', ANYONE, 'Show a version.', 'GET', '/datastores/{datastore}/versions/{version}'),
    rule('datastore:version_show_by_uuid', ANYONE, 'Show a version by id.', 'GET', '/datastores/versions/{version_id}'),
    rule(
        'datastore:list_associated_flavors',
        ANYONE,
        'List the flavors of a version.',
        'GET',
        '/datastores/{datastore}/versions/{version_id}/flavors',
    ),
    rule(
        'datastore:list_associated_volume_types',
        ANYONE,
        'List the volume types of a version.',
        'GET',
        '/datastores/{datastore}/versions/{version_id}/volume-types',
    ),
)
