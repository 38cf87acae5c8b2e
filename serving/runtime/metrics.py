"""Counts for Prometheus: requests, decisions, milliseconds; no texts, no identities."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from model.types import Decision
from serving.drift.report import DriftReport

_RESOLVE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "firstlast_requests",
            "Requests by route template and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "firstlast_request_seconds",
            "Seconds until the response began, by route template.",
            ["route"],
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._decisions = Counter(
            "firstlast_decisions", "Decisions by kind.", ["kind", "channel"], registry=self.registry
        )
        self._failures = Counter(
            "firstlast_bot_failures", "Questions handed over because the bot failed.", registry=self.registry
        )
        self._resolve = Histogram(
            "firstlast_resolve_milliseconds",
            "Milliseconds the resolver took for one question.",
            buckets=_RESOLVE_BUCKETS,
            registry=self.registry,
        )
        self._drift = {
            name: Gauge(f"firstlast_drift_{name}", words, ["signal", "against"], registry=self.registry)
            for name, words in (
                (
                    "moved",
                    "1 where a signal has moved, 0 where not; absent where it cannot be compared.",
                ),
                ("evidence", "Decimal digits of evidence that a signal has moved."),
                ("difference", "What changed most in a signal, now less than before where negative."),
            )
        }
        self.streams = Gauge("firstlast_event_streams", "Open event streams.", registry=self.registry)

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_decision(self, decision: Decision, *, channel: str) -> None:
        """Count one decision, made in a `conversation` or for `ask`."""
        self._decisions.labels(decision.kind, channel).inc()
        self._resolve.observe(float(decision.milliseconds.get("total", 0.0)))

    def count_failure(self) -> None:
        """Count one question the bot failed on."""
        self._failures.inc()

    def show_drift(self, report: DriftReport) -> None:
        """Take over what has moved, in place of what was shown before."""
        for gauge in self._drift.values():
            gauge.clear()
        for one in report.comparisons:
            if one.verdict != "unknown":
                labels = (one.signal, one.against)
                self._drift["moved"].labels(*labels).set(one.verdict == "moved")
                self._drift["evidence"].labels(*labels).set(one.evidence)
                self._drift["difference"].labels(*labels).set(one.changes[0].now - one.changes[0].reference)

    def text(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self.registry)
