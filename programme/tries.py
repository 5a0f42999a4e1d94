"""So many tries from one address of the network, or of something else: counted in the cache, which all share."""

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

    def are_over(self, of: HttpRequest | str) -> bool:
        """Whether the sender of a request, or whoever ``of`` names, has to wait."""
        return bool(cache.get(self._key(of), 0) >= self.at_most)

    def count(self, of: HttpRequest | str) -> None:
        key = self._key(of)
        if cache.add(key, 1, self.within):
            return
        try:
            cache.incr(key)
        except ValueError:  # its time ended in this very moment
            cache.add(key, 1, self.within)

    def _key(self, of: HttpRequest | str) -> str:
        # The address as the sign-in finds it: the proxy's word (BEHIND_PROXY), never what the sender says of itself.
        return f"tries:{self.name}:{of if isinstance(of, str) else get_adapter().get_client_ip(of)}"
