"""Loads the connections and events of a Socket.IO server into DuckDB: `python flask_socketio_pipeline.py`.

The server has the HTTP API and a recorder: `cargo run --features api --example recorder`. README.md has the steps.
"""

import dlt
from dlt.sources.filesystem import filesystem, read_jsonl
from dlt.sources.rest_api import RESTAPIConfig, rest_api_resources

# A row of the server. Columns without any value yet exist as well, so that queries can name them.
COLUMNS = {
    "seq": {"data_type": "bigint", "nullable": False},
    "at": {"data_type": "timestamp", "nullable": False},
    "node": {"data_type": "text", "nullable": False},
    "direction": {"data_type": "text"},
    "namespace": {"data_type": "text"},
    "event": {"data_type": "text"},
    "socket": {"data_type": "text"},
    "user": {"data_type": "text"},
    "rooms": {"data_type": "json"},
    "clients": {"data_type": "bigint"},
    "bytes": {"data_type": "bigint"},
    "duration": {"data_type": "double"},
    "outcome": {"data_type": "text"},
    "arguments": {"data_type": "json"},
}


def warn_of_gap(response, *args, **kwargs) -> None:
    """Warns of rows that the server no longer has in memory. They are in the files of the recorder only."""
    gap = response.json().get("gap")
    # The first run asks for all rows, so rows of earlier processes are no gap.
    if gap and (gap["missed"] or gap["after"]):
        print("rows are missing in socket_io, run the pipeline more often:", gap)


def events(name: str, page_size: int) -> dict:
    """A resource with the rows that the server has written since the last run."""
    return {
        "name": name,
        "primary_key": ["node", "seq"],
        "write_disposition": "merge",
        "columns": COLUMNS,
        "endpoint": {
            "path": "events",
            "params": {"after": "{incremental.start_value}", "limit": page_size},
            "incremental": {"cursor_path": "seq", "initial_value": 0},
            "response_actions": [warn_of_gap],
        },
    }


# The lists `rooms` and `arguments` stay in their column, so that there is one table for each resource.
@dlt.source(section="flask_socketio_source", max_table_nesting=0)
def flask_socketio_source(
    token=dlt.secrets.value,
    base_url: str = dlt.config.value,
    recorded: str = dlt.config.value,
    page_size: int = 1000,
):
    config: RESTAPIConfig = {
        "client": {
            "base_url": base_url,
            "auth": {"type": "bearer", "token": token},
            # Every page has its rows under `data`, and the address of the next page under `next`.
            "paginator": {"type": "json_link", "next_url_path": "next"},
        },
        "resource_defaults": {"endpoint": {"data_selector": "data"}},
        "resources": [
            events("socket_io", page_size),
            {
                **events("disconnect", page_size),
                "processing_steps": [{"filter": lambda row: row["direction"] == "disconnect"}],
            },
            {"name": "rooms", "write_disposition": "replace", "endpoint": {"path": "rooms"}},
            {"name": "run_app", "write_disposition": "replace", "endpoint": {"path": "handlers"}},
        ],
    }

    yield from rest_api_resources(config)
    yield test_client_received(recorded)


def test_client_received(directory: str):
    """The files of the recorder, and those that tests have written: the same rows, and the arguments of recorded events."""
    files = filesystem(directory, file_glob="*.jsonl*", incremental=dlt.sources.incremental("modification_date"))
    rows = (files | read_jsonl()).with_name("test_client_received")
    return rows.apply_hints(columns=COLUMNS, primary_key=["node", "seq"], write_disposition="merge")


def get_data() -> None:
    pipeline = dlt.pipeline(
        pipeline_name="flask_socketio_pipeline",
        destination="duckdb",
        dataset_name="flask_socketio_data",
    )
    load_info = pipeline.run(flask_socketio_source())
    print(load_info)


if __name__ == "__main__":
    get_data()
