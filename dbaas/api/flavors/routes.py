"""Flavors, as the cloud has them."""

from typing import Any

from flask.views import MethodView

from dbaas.api.flavors import schemas
from dbaas.api.guards import authorize
from dbaas.api.parsing import Blueprint
from dbaas.api.parts import parts
from dbaas.services import flavors

blp = Blueprint('flavors', __name__, url_prefix='/v1.0/<project_id>', description='Sizes of instances')


@blp.route('/flavors')
class Flavors(MethodView):
    @authorize('flavor:index')
    @blp.response(200, schemas.Flavors)
    def get(self) -> dict[str, Any]:
        """List flavors"""
        return schemas.listing(parts().cloud)


@blp.route('/flavors/<flavor_id>')
class Flavor(MethodView):
    @authorize('flavor:show')
    @blp.response(200, schemas.OneFlavor)
    def get(self, flavor_id: str) -> dict[str, Any]:
        """Show a flavor"""
        return {'flavor': schemas.view(flavors.find(parts().cloud, flavor_id))}
