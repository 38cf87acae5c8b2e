"""The API as its schema tells it; what a route takes and gives stands at the route itself."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from serving.problems import MEDIA_TYPE

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
"""What FastAPI thinks a malformed request is answered with; here it is a problem, as everything else."""


def operation_id(route: APIRoute) -> str:
    """What generated clients call the route: the name of its function, which tells what it does."""
    return route.name


def describe_problems(app: FastAPI) -> None:
    """Make the application's schema tell errors as they are sent: problems, of their own media type."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:  # JSON
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = plain()
        for operations in schema["paths"].values():
            for operation in operations.values():
                _as_sent(operation["responses"])
        for name in _FRAMEWORKS_OWN:
            schema["components"]["schemas"].pop(name, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def _as_sent(responses: dict[str, Any]) -> None:  # JSON
    """Put every problem under its media type; FastAPI puts it under that of the route's own answer."""
    own = {f"#/components/schemas/{name}" for name in (*_FRAMEWORKS_OWN, "Problem")}
    for response in responses.values():
        for described in list(response.get("content", {}).values()):
            if described["schema"].get("$ref") in own:
                response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
