"""Who is asking: made once per request, handed down as an argument."""

import dataclasses
import uuid


@dataclasses.dataclass(frozen=True)
class RequestContext:
    """The caller of one request.

    project_id is the caller's own project, empty for a token of none; `roles` are lower-case names. `service_roles` are
    those of the service that passes the caller's request on and says so with a token of its own. `administrator`: what
    the policy says of him; None: nobody has asked it, and the role decides.
    """

    project_id: str
    user_id: str
    user_name: str
    project_name: str = ''
    roles: tuple[str, ...] = ()
    service_roles: tuple[str, ...] = ()
    administrator: bool | None = None
    request_id: str = dataclasses.field(default_factory=lambda: f'req-{uuid.uuid4()}')

    @property
    def is_admin(self) -> bool:
        return 'admin' in self.roles if self.administrator is None else self.administrator

    def policy_credentials(self) -> dict[str, object]:
        return {
            'project_id': self.project_id,
            'user_id': self.user_id,
            'roles': list(self.roles),
            'service_roles': list(self.service_roles),
            'is_admin': self.is_admin,
        }
