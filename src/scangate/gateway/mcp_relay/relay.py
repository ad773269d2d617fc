"""The relay itself: an MCP server for the client, and a client for each of the servers behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from mcp import Client, types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

from scangate import __version__
from scangate.gateway.mcp_relay.config import RelayConfig
from scangate.gateway.mcp_relay.judging import TOOL_SHADOWING, Judge, plain
from scangate.gateway.mcp_relay.upstreams import Upstream, UpstreamGoneError

log = structlog.get_logger(__name__)
PAGES_MOST: Final = 50
LIST_SECONDS: Final = 30.0
SEPARATOR: Final = "__"
"""Between a server's name and a tool's, where two servers have a tool of one name."""
Context = ServerRequestContext[Any, Any]
Judged = TypeVar("Judged", types.CallToolResult, types.GetPromptResult, types.ReadResourceResult, types.CompleteResult)


@dataclass(slots=True)
class Relay:
    """`serving()` is the MCP server to run; `close` ends the connections to the servers behind it."""

    config: RelayConfig
    judge: Judge
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    routes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A tool's name as it is shown, to its server and its name there."""
    prompts: dict[str, tuple[str, str]] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    session: ServerSession | None = None
    """The client's latest: what servers ask of clients goes there."""

    def __post_init__(self) -> None:
        for name, settings in self.config.servers.items():
            self.upstreams[name] = Upstream(name, settings, self._callbacks())

    def serving(self) -> Server[Any]:
        return Server(
            "scangate-relay",
            version=__version__,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_resource_templates,
            on_read_resource=self.read_resource,
            on_completion=self.complete,
        )

    async def close(self) -> None:
        await asyncio.gather(*(upstream.close() for upstream in self.upstreams.values()))

    async def list_tools(self, ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools of all servers that may be seen. A name that two servers have is shown with the servers' names before it: one
        server must not take the place of another's tool unnoticed."""
        self.session = ctx.session
        found = await self._lists("tools/list", lambda client, cursor: client.list_tools(cursor=cursor), "tools")
        names = [tool.name for _, tool in found]
        routes, shown = {}, []
        for server, tool in found:
            name = tool.name
            if names.count(name) > 1:
                log.warning("relay.tool_shadowing", server=server, threats=[TOOL_SHADOWING])
                name = f"{server}{SEPARATOR}{tool.name}"
            routes[name] = (server, tool.name)
            shown.append(tool.model_copy(update={"name": name}))
        self.routes = routes
        return types.ListToolsResult(tools=shown)

    async def call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        self.session = ctx.session
        if params.name not in self.routes:
            await self.list_tools(ctx, None)
        if params.name not in self.routes:
            raise MCPError(types.INVALID_PARAMS, "The relay shows no tool of this name.")
        server, name = self.routes[params.name]
        arguments = await self.judge.call(server, name, params.arguments or {})

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            await ctx.session.report_progress(progress, total, message)

        result: types.CallToolResult = await self._ask(
            server, lambda client: client.call_tool(name, arguments, progress_callback=progressed)
        )
        return await self._judged(server, "tools/call", name, result)

    async def list_prompts(self, ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        self.session = ctx.session
        found = await self._lists("prompts/list", lambda client, cursor: client.list_prompts(cursor=cursor), "prompts")
        self.prompts = {prompt.name: (server, prompt.name) for server, prompt in reversed(found)}
        return types.ListPromptsResult(prompts=[prompt for _, prompt in found])

    async def get_prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name not in self.prompts:
            await self.list_prompts(ctx, None)
        if params.name not in self.prompts:
            raise MCPError(types.INVALID_PARAMS, "The relay shows no prompt of this name.")
        server, name = self.prompts[params.name]
        arguments = await self.judge.call(server, name, dict(params.arguments or {}))
        result: types.GetPromptResult = await self._ask(server, lambda client: client.get_prompt(name, arguments))
        return await self._judged(server, "prompts/get", name, result)

    async def list_resources(self, ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        self.session = ctx.session
        found = await self._lists("resources/list", lambda client, cursor: client.list_resources(cursor=cursor), "resources")
        self.resources = {str(resource.uri): server for server, resource in reversed(found)}
        return types.ListResourcesResult(resources=[resource for _, resource in found])

    async def list_resource_templates(
        self, ctx: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        self.session = ctx.session
        found = await self._lists(
            "resources/templates/list", lambda client, cursor: client.list_resource_templates(cursor=cursor), "resource_templates"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template for _, template in found])

    async def read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Of the server that lists the resource; one that none lists, as a template makes, of the first that has it."""
        uri = str(params.uri)
        if uri not in self.resources:
            await self.list_resources(ctx, None)
        servers = [self.resources[uri]] if uri in self.resources else list(self.upstreams)
        refusal: MCPError | None = None
        for server in servers:
            try:
                result: types.ReadResourceResult = await self._ask(server, lambda client: client.read_resource(uri))
            except MCPError as error:
                refusal = error
                continue
            return await self._judged(server, "resources/read", uri, result)
        raise refusal or MCPError(types.INVALID_PARAMS, "No server has this resource.")

    async def complete(self, _ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Completions are a server's own words for a prompt or a resource: only of what was shown."""
        reference = params.ref
        if isinstance(reference, types.PromptReference):
            server = self.prompts.get(reference.name, ("", ""))[0]
        else:
            server = self.resources.get(str(reference.uri)) or next(iter(self.upstreams))
        if not server:
            raise MCPError(types.INVALID_PARAMS, "The relay shows no prompt of this name.")
        argument = {"name": params.argument.name, "value": params.argument.value}
        result: types.CompleteResult = await self._ask(server, lambda client: client.complete(reference, argument))
        return await self._judged(server, "completion/complete", params.argument.name, result)

    async def _lists(self, method: str, ask: Callable[[Client, str | None], Awaitable[Any]], key: str) -> list[tuple[str, Any]]:
        """What all servers list and may be shown. A server that is down, or has no such list, is left out."""

        async def one(server: str) -> list[tuple[str, Any]]:
            try:
                items = await self._pages(server, ask, key)
            except MCPError as error:
                if error.code != types.METHOD_NOT_FOUND:
                    log.warning("relay.list_failed", server=server, method=method, code=error.code)
                return []
            shown = await self.judge.declarations(server, method, [plain(item) for item in items])
            return [(server, item) for item, is_shown in zip(items, shown, strict=True) if is_shown]

        found = await asyncio.gather(*(one(server) for server in self.upstreams))
        return [pair for pairs in found for pair in pairs]

    async def _pages(self, server: str, ask: Callable[[Client, str | None], Awaitable[Any]], key: str) -> Sequence[Any]:
        items: list[Any] = []
        cursor: str | None = None
        for _ in range(PAGES_MOST):
            page = await self._ask(server, _at(ask, cursor), LIST_SECONDS)
            items += getattr(page, key)
            cursor = page.next_cursor
            if not cursor:
                break
        return items

    async def _ask(self, server: str, ask: Callable[[Client], Awaitable[Any]], seconds: float | None = None) -> Any:
        try:
            return await self.upstreams[server].use(ask, *([seconds] if seconds else []))
        except UpstreamGoneError:
            raise MCPError(types.INTERNAL_ERROR, f"The MCP server {server!r} cannot be reached or did not answer.") from None
        except ValueError as error:  # pydantic's too: an answer that is none
            log.warning("relay.invalid_answer", server=server, error=type(error).__name__)
            raise MCPError(types.INTERNAL_ERROR, f"The answer of the MCP server {server!r} is invalid.") from None

    async def _judged(self, server: str, method: str, name: str, result: Judged) -> Judged:
        document = plain(result)
        passed = await self.judge.result(server, method, name, document)
        return result if passed is document else type(result).model_validate(passed)

    def _callbacks(self) -> dict[str, Any]:
        """What servers ask of the client, and tell it, goes through to it."""

        async def sampling(_context: Any, params: types.CreateMessageRequestParams) -> Any:
            return await self._of_client(types.CreateMessageRequest(params=params), types.CreateMessageResult)

        async def elicitation(_context: Any, params: types.ElicitRequestParams) -> Any:
            return await self._of_client(types.ElicitRequest(params=params), types.ElicitResult)

        async def message(incoming: Any) -> None:
            if self.session is None or not isinstance(incoming, _PASSED):
                return
            with suppress(Exception):  # a client that left, or whose transport has no way back
                await self.session.send_notification(incoming)

        return {"sampling_callback": sampling, "elicitation_callback": elicitation, "message_handler": message}

    async def _of_client(self, request: Any, answer: type[BaseModel]) -> Any:
        if self.session is None:
            return types.ErrorData(code=types.INVALID_REQUEST, message="no client is connected")
        try:
            return await self.session.send_request(request, answer)
        except MCPError as error:
            return error.error


_PASSED: Final = (
    types.ToolListChangedNotification,
    types.PromptListChangedNotification,
    types.ResourceListChangedNotification,
    types.ResourceUpdatedNotification,
)


def _at(ask: Callable[[Client, str | None], Awaitable[Any]], cursor: str | None) -> Callable[[Client], Awaitable[Any]]:
    return lambda client: ask(client, cursor)
