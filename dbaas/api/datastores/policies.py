"""Whoever may read sees datastores, administrators change them."""

from dbaas.policy import ADMIN, READER, rule

RULES = (
    rule('datastore:index', READER, 'List datastores.', 'GET', '/datastores'),
    rule('datastore:show', READER, 'Show a datastore.', 'GET', '/datastores/{datastore}'),
    rule('datastore:delete', ADMIN, 'Delete a datastore without versions.', 'DELETE', '/datastores/{datastore}'),
    rule('datastore:version_index', READER, 'List versions.', 'GET', '/datastores/{datastore}/versions'),
    rule('datastore:version_show', READER, 'Show a version.', 'GET', '/datastores/{datastore}/versions/{version}'),
    rule('datastore:version_show_by_uuid', READER, 'Show a version by id.', 'GET', '/datastores/versions/{version_id}'),
    rule(
        'datastore:list_associated_flavors',
        READER,
        'List the flavors of a version.',
        'GET',
        '/datastores/{datastore}/versions/{version_id}/flavors',
    ),
    rule(
        'datastore:list_associated_volume_types',
        READER,
        'List the volume types of a version.',
        'GET',
        '/datastores/{datastore}/versions/{version_id}/volume-types',
    ),
)
