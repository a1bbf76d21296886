"""The message broker's users in a House: what dbaas.guest.accounts.RabbitAccounts keeps in a broker, in memory."""

from dbaas.guest.accounts import name_of


class Users:
    """made: instance id -> password."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def create(self, instance_id: str, password: str) -> None:
        self.made[instance_id] = password

    def url(self, instance_id: str, password: str) -> str | None:
        return f'rabbit://{name_of(instance_id)}:{password}@broker/'

    def delete(self, instance_id: str) -> None:
        self.made.pop(instance_id, None)

    def owners(self) -> list[str]:
        return list(self.made)
