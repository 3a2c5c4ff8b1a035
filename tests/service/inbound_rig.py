"""What the tests of inbound calls share: a number with an agent that takes calls to it."""

from topcalls.core.inbound import Arrival

NUMBER = "+12025550142"
CALLER = "+12025550150"
FIRST_SENTENCE = "Bright Smile Dental, hello {{caller_name|there}}."


def agent(services, account_id, **configuration):
    """A published agent; its id."""
    body = {"task": "Take the call.", "first_sentence": FIRST_SENTENCE, **configuration}
    made = services.agents.create(account_id, "Reception", body).agent.id
    services.agents.publish(account_id, made)
    return made


def number(services, account_id, agent_id, text=NUMBER, **more):
    """A number whose calls the agent takes; its id."""
    body = {"number": text, "agent_id": agent_id, **more}
    return services.phone_numbers.add(account_id, body).id


def arrival(**fields):
    """A call to `NUMBER` that has just been parked."""
    fields.setdefault("channel_uuid", "11111111-2222-4333-8444-555555555555")
    return Arrival(**{"node": "node-1", "called": NUMBER, "caller": CALLER, **fields})
