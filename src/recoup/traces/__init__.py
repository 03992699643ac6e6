"""Many exchanges from outside: readers of what other programs wrote down, and what they add up to.

for traced in recoup.traces.read("calls.jsonl"):
    print(traced.place, recoup.diagnose(traced.exchange).id)
"""

from recoup.traces.reading import read
from recoup.traces.traced import Place, Traced

__all__ = ["Place", "Traced", "read"]
