"""A conversation with the server through the official Python SDK; prints what it saw as JSON.

Usage: python_client.py MODE http URL TOKEN NCT_ID
       python_client.py MODE stdio NCT_ID COMMAND [ARGUMENT ...]
MODE is `legacy` (sessions, 2025-11-25), `2026-07-28`, or `auto` (what the client finds out).
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


async def converse(client: Client, nct_id: str) -> dict:
    tools = await client.list_tools()
    count = await client.call_tool("clinicaltrials_get_study_count", {})
    ids, token = [], None
    while True:
        arguments = {"statusFilter": ["COMPLETED", "Recruiting"], "sort": "LastUpdatePostDate:desc", "pageSize": 7}
        if token:
            arguments["pageToken"] = token
        page = await client.call_tool("clinicaltrials_search_studies", arguments)
        ids += [study["nctId"] for study in page.structured_content["studies"]]
        token = page.structured_content.get("nextPageToken")
        if not token:
            break
    record = await client.call_tool("clinicaltrials_get_study_record", {"nctId": nct_id})
    resource = await client.read_resource(f"clinicaltrials://{nct_id}")
    refused = await client.call_tool("clinicaltrials_search_studies", {"geoFilter": "Boston"})
    return {
        "protocol": client.protocol_version,
        "tools": sorted(tool.name for tool in tools.tools),
        "count": count.structured_content["totalCount"],
        "total": page.structured_content["totalCount"],
        "ids": ids,
        "record": record.content[1].text,
        "resource": resource.contents[0].text,
        "refusedIsError": refused.is_error,
        "refused": refused.content[0].text,
    }


async def main() -> None:
    mode, transport, *rest = sys.argv[1:]
    if transport == "http":
        url, token, nct_id = rest
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http_client:
            async with Client(streamable_http_client(url, http_client=http_client), mode=mode) as client:
                print(json.dumps(await converse(client, nct_id)))
    else:
        nct_id, command, *arguments = rest
        server = StdioServerParameters(command=command, args=arguments)
        async with Client(server, mode=mode) as client:
            print(json.dumps(await converse(client, nct_id)))


asyncio.run(main())
