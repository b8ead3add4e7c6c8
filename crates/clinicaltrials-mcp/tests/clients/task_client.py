"""Performs scripts of tool calls through the official Python SDK; prints the answers as JSON.

Usage: task_client.py MODE TASKS http URL TOKEN
       task_client.py MODE TASKS stdio COMMAND [ARGUMENT ...]
MODE is `legacy` (sessions, 2025-11-25) or `2026-07-28`. TASKS is a file with a list of tasks as in tests/tasks. An
argument {"$from": CALL, "at": POINTER} is the value at that place in an earlier answer of the task; a call that needs
one that is not there is left out.
"""

import asyncio
import json
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


def filled(value, answers: dict):
    if isinstance(value, list):
        return [filled(element, answers) for element in value]
    if not isinstance(value, dict):
        return value
    if "$from" not in value:
        return {key: filled(member, answers) for key, member in value.items()}
    found = answers[value["$from"]]["structured"]
    for step in value["at"].split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


async def perform(client: Client, tasks: list) -> dict:
    performed = {}
    for task in tasks:
        answers = performed[task["name"]] = {}
        for call in task["calls"]:
            try:
                arguments = filled(call["arguments"], answers)
            except (KeyError, IndexError, TypeError):
                continue
            result = await client.call_tool(call["tool"], arguments)
            answers[call["as"]] = {
                "isError": bool(result.is_error),
                "text": "\n".join(block.text for block in result.content),
                "structured": result.structured_content,
            }
    return {"protocol": client.protocol_version, "tasks": performed}


async def main() -> None:
    mode, file, transport, *rest = sys.argv[1:]
    tasks = json.loads(Path(file).read_text(encoding="utf-8"))
    if transport == "http":
        url, token = rest
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=120) as http_client:
            async with Client(streamable_http_client(url, http_client=http_client), mode=mode) as client:
                print(json.dumps(await perform(client, tasks)))
    else:
        command, *arguments = rest
        async with Client(StdioServerParameters(command=command, args=arguments), mode=mode) as client:
            print(json.dumps(await perform(client, tasks)))


asyncio.run(main())
