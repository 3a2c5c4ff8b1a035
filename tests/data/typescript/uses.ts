// What a customer writes with a client generated from /openapi.json; checked, never run.
// `@ts-expect-error` marks what must not type-check: with `any` in its place it would.

import createClient from "openapi-fetch";
import type { components, operations, paths } from "./schema.js";

type Schemas = components["schemas"];
type CallDetails = Schemas["CallDetails"];
type Problem = Schemas["Problem"];

const base = "https://calls.example.com";
const api = createClient<paths>({ baseUrl: base, headers: { Authorization: "Bearer tc_live_…" } });

export async function remind(phone_number: string): Promise<string> {
  const { data, error } = await api.POST("/v1/calls", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      phone_number,
      task: "Remind the customer of the appointment on Tuesday at ten.",
      voicemail: { action: "leave_message", message: "Please call us back." },
      interruption: { sensitivity: "low" },
      transfer: null,
      metadata: { order: 7 },
      webhook_url: "https://example.com/hooks/topcalls",
      webhook_events: ["call.completed"],
    },
  });
  if (error) throw new Error(explained(error));
  return data.call_id;
}

export async function refusedByTheCompiler(): Promise<void> {
  // @ts-expect-error a call needs the number
  await api.POST("/v1/calls", { body: { task: "Say hello." } });
  // @ts-expect-error fields are known by name
  const wanted: Schemas["CallCreate"] = { phone_number: "+12025550100", tusk: "Say hello." };
  await api.POST("/v1/calls", { body: wanted });
  // @ts-expect-error words are those of the reference
  await api.POST("/v1/calls", { body: { phone_number: "+12025550100", ivr: { action: "sing" } } });
  // @ts-expect-error there is no such address
  await api.GET("/v1/cals");
}

/** The slug of a problem, and what it says of each field. */
export function explained(problem: Problem): string {
  switch (problem.type) {
    case "https://api.topcalls.ai/errors/invalid_request":
      return (problem.errors ?? []).map((fault) => `${fault.path}: ${fault.message}`).join("\n");
    case "https://api.topcalls.ai/errors/insufficient_quota":
      return `${problem.limit}: ${problem.needed} ${problem.unit}, back ${problem.frees_at}`;
    // @ts-expect-error no problem has this type
    case "https://api.topcalls.ai/errors/no_such_problem":
      return "";
    default:
      return problem.detail ?? problem.title;
  }
}

/** Every completed call, page after page. */
export async function* completed(): AsyncGenerator<Schemas["Call"]> {
  let cursor: string | null = null;
  do {
    const query: NonNullable<operations["list_calls"]["parameters"]["query"]> = {
      status: "completed",
      limit: 200,
      ...(cursor ? { cursor } : {}),
    };
    const { data, error } = await api.GET("/v1/calls", { params: { query } });
    if (error) throw new Error(explained(error));
    yield* data.data;
    cursor = data.next_cursor;
  } while (cursor);
}

export async function ending(call_id: string): Promise<string> {
  const { data } = await api.GET("/v1/calls/{call_id}", { params: { path: { call_id } } });
  if (!data) return "There is no such call.";
  const by: CallDetails["ended_by"] = data.ended_by;
  // @ts-expect-error a hangup may be missing
  const unsure: string = data.hangup.cause;
  const cause: string = data.hangup?.cause ?? "none yet";
  const latest: number | undefined = data.latency.provider?.p95 ?? undefined;
  const words: string[] = data.transcript.map((turn) => `${turn.user}: ${turn.text}`);
  return [by ?? "open", cause, unsure, latest, ...words].join(" ");
}

/** The events of a call while it lasts: names from the reference, data as JSON. */
export function follow(call_id: string): EventSource {
  const path = "/v1/calls/{call_id}/events" satisfies keyof paths;
  type Answers = paths[typeof path]["get"]["responses"][200]["content"];
  const kind: keyof Answers = "text/event-stream";
  const events = new EventSource(`${base}${path.replace("{call_id}", call_id)}?as=${kind}`);
  events.addEventListener("turn", (event: MessageEvent<string>) => {
    const turn: Schemas["CitedTurn"] = JSON.parse(event.data);
    console.log(turn.user, turn.text);
  });
  return events;
}

/** A webhook, once its signature is right: told apart by `event`. */
export function received(message: Schemas["WebhookMessage"]): string {
  switch (message.event) {
    case "call.completed":
    case "call.failed":
    case "call.updated":
      return `${message.call_id} ${message.disposition ?? message.status} ${message.sequence}`;
    case "call.transferred":
      return message.transfer?.phone_number ?? "";
    case "lead.status_changed":
      // @ts-expect-error a lead has no transcript
      return `${message.lead_id}: ${message.previous_status} ${message.status} ${message.transcript}`;
    case "do_not_call.added":
      return message.phone_number ?? message.entry_id;
    case "campaign.paused":
      return `${message.name}: ${message.reason} ${message.statistics.contacts.total}`;
    case "webhook.disabled":
      return message.enable;
    default:
      return message.event;
  }
}

export async function campaign(): Promise<number> {
  const made = await api.POST("/v1/campaigns", {
    body: { name: "Reminders", call: { task: "Remind them." } },
  });
  if (made.error) throw new Error(explained(made.error));
  const path = { campaign_id: made.data.id };
  await api.POST("/v1/campaigns/{campaign_id}/start", { params: { path } });
  const { data } = await api.GET("/v1/campaigns/{campaign_id}/statistics", { params: { path } });
  return typeof data === "object" ? (data.calls.by_outcome["completed"] ?? 0) : 0;
}
