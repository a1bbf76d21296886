"""Datastores and their versions, by name or id."""

from typing import Any

from flask.views import MethodView

from dbaas.api import work
from dbaas.api.datastores import schemas
from dbaas.api.flavors import schemas as flavors
from dbaas.api.guards import authorize, context
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.services import datastores

blp = Blueprint('datastores', __name__, url_prefix='/v1.0/<project_id>', description='Database engines')


@blp.route('/datastores')
class Datastores(MethodView):
    @authorize('datastore:index')
    @blp.response(200, schemas.Datastores)
    def get(self) -> dict[str, Any]:
        """List datastores with their versions"""
        with parts().db.read() as c:
            found = datastores.listing(c, context())
        return {'datastores': [schemas.datastore_view(row, versions) for row, versions in found]}


@blp.route('/datastores/<datastore>')
class Datastore(MethodView):
    @authorize('datastore:show')
    @blp.response(200, schemas.OneDatastore)
    def get(self, datastore: str) -> dict[str, Any]:
        """Show a datastore"""
        with parts().db.read() as c:
            row, versions = datastores.versions(c, context(), datastore)
        return {'datastore': schemas.datastore_view(row, versions)}

    @authorize('datastore:delete')
    @blp.response(202)
    def delete(self, datastore: str) -> Any:
        """Delete a datastore that has no versions"""
        work.change(lambda c: datastores.delete(c, datastore))
        return work.accepted()


@blp.route('/datastores/<datastore>/versions')
class Versions(MethodView):
    @authorize('datastore:version_index')
    @blp.response(200, schemas.Versions)
    def get(self, datastore: str) -> dict[str, Any]:
        """List the versions of a datastore"""
        with parts().db.read() as c:
            _, versions = datastores.versions(c, context(), datastore)
        return {'versions': [schemas.version_view(row) for row in versions]}


@blp.route('/datastores/<datastore>/versions/<version>')
class Version(MethodView):
    @authorize('datastore:version_show')
    @blp.response(200, schemas.OneVersion)
    def get(self, datastore: str, version: str) -> dict[str, Any]:
        """Show a version"""
        with parts().db.read() as c:
            row = datastores.version(c, context(), datastore, version)
        return {'version': schemas.version_view(row)}


@blp.route('/datastores/versions/<version_id>')
class VersionById(MethodView):
    @authorize('datastore:version_show_by_uuid')
    @blp.response(200, schemas.OneVersion)
    def get(self, version_id: str) -> dict[str, Any]:
        """Show a version by its id"""
        with parts().db.read() as c:
            row = datastores.version_by_id(c, context(), version_id)
        return {'version': schemas.version_view(row)}


@blp.route('/datastores/<datastore>/versions/<version_id>/flavors')
class VersionFlavors(MethodView):
    @authorize('datastore:list_associated_flavors')
    @blp.response(200, flavors.Flavors)
    def get(self, datastore: str, version_id: str) -> dict[str, Any]:
        """List the flavors usable with a version: all, no version is bound to some"""
        return flavors.listing(parts().cloud)


@blp.route('/datastores/<datastore>/versions/<version_id>/volume-types')
class VersionVolumeTypes(MethodView):
    @authorize('datastore:list_associated_volume_types')
    @blp.response(200, schemas.VolumeTypes)
    def get(self, datastore: str, version_id: str) -> dict[str, Any]:
        """List the volume types usable with a version: no cloud here has any"""
        return {'volume_types': []}
