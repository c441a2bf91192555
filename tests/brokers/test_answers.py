"""Questions from one node to the clients of the other, and their answers."""

import asyncio

import pytest

from person import unique

pytestmark = pytest.mark.answered

ANSWERS = {
    "one": ("text", ["text"]),
    "none": (None, []),
    "several": (("a", 1, {"k": [None]}), ["a", 1, {"k": [None]}]),
    "one list": ([1, 2], [[1, 2]]),
    "an object": ({"größe": "☃", "n": 2**53 + 1}, [{"größe": "☃", "n": 2**53 + 1}]),
}

BINARY_ANSWERS = {
    "bytes": (b"\x00\x01\xff", [b"\x00\x01\xff"]),
    "nested bytes": (({"a": [b"ab"]}, 1, b""), [{"a": [b"ab"]}, 1, b""]),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_question_to_the_other_node_is_answered(pair_of_people, answer):
    ana, bo = pair_of_people
    given, expected = ANSWERS[answer]
    assert await question(ana, bo, given) == {"answer": expected}


@pytest.mark.parametrize("answer", BINARY_ANSWERS)
async def test_an_answer_may_be_binary(cluster, pair_of_people, answer):
    if cluster.there.kind != "rust":
        pytest.skip("a Python node can't pass on what is binary")
    if cluster.here.kind != "rust":
        pytest.skip("a Python node can't read what is binary")
    ana, bo = pair_of_people
    given, expected = BINARY_ANSWERS[answer]
    assert await question(ana, bo, given) == {"answer": expected}


async def test_a_binary_answer_that_is_lost_harms_no_later_one(cluster, pair_of_people):
    ana, bo = pair_of_people
    await question(ana, bo, b"\xff", timeout=0.3)
    later = await question(ana, bo, "text", timeout=1)
    for _ in range(10):
        # A Python node that could not publish may listen to nothing for a while.
        if cluster.there.kind != "rust" and "error" in later:
            later = await question(ana, bo, "text", timeout=1)
    assert later == {"answer": ["text"]}


@pytest.mark.parametrize("answer", ANSWERS | BINARY_ANSWERS)
async def test_a_question_to_the_same_node_is_answered(cluster, connect, answer):
    ana, al = await connect(cluster.here, cluster.here)
    given, expected = (ANSWERS | BINARY_ANSWERS)[answer]
    assert await question(ana, al, given) == {"answer": expected}


async def test_a_question_may_be_binary_and_have_several_arguments(pair_of_people):
    ana, bo = pair_of_people
    bo.answers["question"] = "yes"
    asked = {"event": "question", "args": [b"ab", {"k": b""}, 3], "to": bo.sid()}
    assert await ana.call("ask", asked) == {"answer": ["yes"]}
    assert await bo.next("question") == [b"ab", {"k": b""}, 3]


async def test_a_question_in_another_namespace_is_answered(cluster, connect):
    ana, bo = await connect(cluster.here, cluster.there, namespaces=("/", "/chat"))
    bo.answers["question"] = "yes"
    asked = {"event": "question", "to": bo.sid("/chat")}
    assert await ana.call("ask", asked, namespace="/chat") == {"answer": ["yes"]}
    assert await bo.next("question", "/chat") == []


async def test_who_does_not_answer_is_waited_for_no_longer_than_the_timeout(pair_of_people):
    ana, bo = pair_of_people
    never = asyncio.get_running_loop().create_future()
    assert await question(ana, bo, never, timeout=0.3) == {"error": "timeout"}
    never.cancel()


async def test_who_is_unknown_does_not_answer(pair_of_people):
    ana, _ = pair_of_people
    asked = {"event": "question", "to": unique("nobody"), "timeout": 0.3}
    assert "error" in await ana.call("ask", asked)


async def test_many_questions_at_once_each_get_their_own_answer(cluster, connect):
    ana, *others = await connect(cluster.here, *[cluster.there] * 5)
    askers = await connect(*[cluster.here] * 5)
    for other in others:
        other.answers["question"] = other.sid()
    pairs = [(asker, other) for asker in askers for other in others]
    asked = [asker.call("ask", {"event": "question", "to": other.sid(), "timeout": 10}) for asker, other in pairs]
    assert await asyncio.gather(*asked) == [{"answer": [other.sid()]} for _, other in pairs]


async def test_the_members_of_a_room_answer_a_question_with_a_callback(cluster, connect):
    ana, al, bo, bea = await connect(cluster.here, cluster.here, cluster.there, cluster.there)
    room = unique("room")
    for person in (al, bo, bea):
        await person.call("join", room)
        person.answers["question"] = (person.sid(), 2)
    await ana.call("ask_all", {"event": "question", "args": ["who?"], "room": room})
    for person in (al, bo, bea):
        assert await person.next("question") == ["who?"]
    # A Python node forgets the question with the first answer to it.
    expected = 1 if cluster.here.kind != "rust" else 3
    answers = [await ana.next("answered") for _ in range(expected)]
    everybody = [[person.sid(), 2] for person in (al, bo, bea)]
    assert all(answer in everybody for answer in answers)
    assert len({sid for sid, _ in answers}) == expected


async def test_a_client_of_the_other_node_answers_a_question_with_a_callback(pair_of_people):
    ana, bo = pair_of_people
    bo.answers["question"] = ("a", None, {"k": 1})
    await ana.call("ask_all", {"event": "question", "room": bo.sid()})
    assert await ana.next("answered") == ["a", None, {"k": 1}]


async def question(asker, other, answer, timeout=3):
    other.answers["question"] = answer
    return await asker.call("ask", {"event": "question", "to": other.sid(), "timeout": timeout})
