"""Answers common questions with SQL, and draws the answers into `questions.png`: `python questions.py`.

Run `flask_socketio_pipeline.py` first. Each question is one SQL statement, for any tool that opens the DuckDB file.
"""

import dlt
import matplotlib
import pandas

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

QUESTIONS = {
    "slowest handlers": """
        SELECT namespace, event, count(*) AS calls,
            round(1000 * quantile_cont(duration, 0.5), 3) AS p50_ms,
            round(1000 * quantile_cont(duration, 0.99), 3) AS p99_ms
        FROM flask_socketio_data.socket_io
        WHERE direction = 'in' AND outcome <> 'unhandled'
        GROUP BY ALL
        ORDER BY p99_ms DESC
    """,
    "events that nobody handles": """
        SELECT namespace, event, count(*) AS received, count(DISTINCT socket) AS clients
        FROM flask_socketio_data.socket_io
        WHERE direction = 'in' AND outcome = 'unhandled'
        GROUP BY ALL
        ORDER BY received DESC
    """,
    # A client that is still connected has no end.
    "who was connected when": """
        SELECT coalesce(came."user", came.socket) AS who, came.namespace, came."at" AS since, gone."at" AS until, gone.outcome AS reason
        FROM flask_socketio_data.socket_io AS came
        LEFT JOIN flask_socketio_data.disconnect AS gone USING (node, namespace, socket)
        WHERE came.direction = 'connect' AND came.outcome = 'ok'
        ORDER BY since
    """,
    # A message to several rooms counts for each of them.
    "messages per room and minute": """
        SELECT namespace, room, date_trunc('minute', "at") AS minute, count(*) AS messages, sum(clients) AS received
        FROM (SELECT *, unnest(rooms::VARCHAR[]) AS room FROM flask_socketio_data.socket_io WHERE direction = 'out')
        GROUP BY ALL
        ORDER BY minute, room
    """,
}


def ask() -> dict[str, pandas.DataFrame]:
    dataset = dlt.pipeline("flask_socketio_pipeline", destination="duckdb", dataset_name="flask_socketio_data").dataset()
    with dataset.sql_client as client:
        answers = {}
        for question, sql in QUESTIONS.items():
            with client.execute_query(sql) as cursor:
                answers[question] = cursor.df()
        return answers


def label(row: pandas.Series) -> str:
    return f"{row.event}  {row.namespace}"


def bars(axes, answer: pandas.DataFrame, column: str, unit: str) -> None:
    first = answer.head(10)[::-1]
    axes.barh([label(row) for row in first.itertuples()], first[column])
    axes.set_xlabel(unit)


def lines_of_time(axes, answer: pandas.DataFrame) -> None:
    now = pandas.Timestamp.now(tz="UTC")
    last = answer.tail(30)
    for index, row in enumerate(last.itertuples()):
        is_gone = not pandas.isna(row.until)
        axes.plot([row.since, row.until if is_gone else now], [index, index], linewidth=5, alpha=1 if is_gone else 0.4)
    axes.set_yticks(range(len(last)), [f"{row.who}  {row.namespace}" for row in last.itertuples()], fontsize=6)


def lines_of_rooms(axes, answer: pandas.DataFrame) -> None:
    rooms = answer.groupby("room").messages.sum().nlargest(8).index
    for room in rooms:
        of_room = answer[answer.room == room].groupby("minute").messages.sum()
        axes.plot(of_room.index, of_room.values, marker="o", label=room)
    axes.set_ylim(bottom=0)
    if len(rooms):
        axes.legend()


def draw(answers: dict[str, pandas.DataFrame], file: str) -> None:
    figure, axes = pyplot.subplots(2, 2, figsize=(14, 9), layout="constrained")
    for panel, question in zip(axes.flat, QUESTIONS):
        panel.set_title(question)
        answer = answers[question]
        match question:
            case "slowest handlers":
                bars(panel, answer, "p99_ms", "99th percentile, milliseconds")
            case "events that nobody handles":
                bars(panel, answer, "received", "events")
            case "who was connected when":
                lines_of_time(panel, answer)
            case "messages per room and minute":
                lines_of_rooms(panel, answer)
        for time in panel.get_xticklabels() if "when" in question or "minute" in question else []:
            time.set_rotation(30)
    figure.savefig(file, dpi=110)


def main() -> None:
    answers = ask()
    for question, answer in answers.items():
        print(f"\n{question}\n{answer.to_string(index=False)}")
    draw(answers, "questions.png")


if __name__ == "__main__":
    main()
