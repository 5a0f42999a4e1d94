"""So many tries from one address of the network: counted in the cache, which all web processes share."""

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Tries:
    name: str
    at_most: int
    within: int
    """seconds, from the first try on"""

    def are_over(self, request: HttpRequest) -> bool:
        """Whether the sender has to wait."""
        return bool(cache.get(self._key(request), 0) >= self.at_most)

    def count(self, request: HttpRequest) -> None:
        key = self._key(request)
        if cache.add(key, 1, self.within):
            return
        try:
            cache.incr(key)
        except ValueError:  # its time ended in this very moment
            cache.add(key, 1, self.within)

    def _key(self, request: HttpRequest) -> str:
        # The address as the sign-in finds it: the proxy's word (BEHIND_PROXY), never what the sender says of itself.
        return f"tries:{self.name}:{get_adapter().get_client_ip(request)}"
