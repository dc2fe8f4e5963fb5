import { expect, test } from "bun:test";
import {
  lsofStateName,
  lsofStateNumber,
  netstatStateName,
  ssStateName,
  stateName,
  stateNumber,
  STATES,
  TCP_BOUND_INACTIVE,
  TCP_CLOSE,
  TCP_FIN_WAIT1,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
} from "../../src/model/state.ts";
import { netstatTimerName, ssTimerName, timerKind } from "../../src/model/timer.ts";

test("every state is found by its name, as the JSON and as lsof spell it", () => {
  for (let number = 1; number < STATES.length; number++) {
    expect(stateNumber(stateName(number))).toBe(number);
  }
  for (let number = 0; number < TCP_NEW_SYN_RECV; number++) {
    expect(lsofStateNumber(lsofStateName(number))).toBe(number);
  }
  expect([stateNumber("Fin-Wait1"), stateNumber("unknown"), lsofStateNumber("ESTAB")])
    .toEqual([TCP_FIN_WAIT1, undefined, undefined]);
});

test("each tool spells a state its own way, and has words of its own for those it does not know", () => {
  const names = (number: number) => [
    stateName(number),
    ssStateName(number),
    netstatStateName(number),
    lsofStateName(number),
  ];
  expect(names(TCP_CLOSE)).toEqual(["close", "UNCONN", "CLOSE", "CLOSE"]);
  expect(names(TCP_LISTEN)).toEqual(["listen", "LISTEN", "LISTEN", "LISTEN"]);
  expect(names(TCP_NEW_SYN_RECV))
    .toEqual(["new_syn_recv", "UNDEF", "SYN_RECV", "UNKNOWN_TCP_STATE_12"]);
  expect(names(TCP_BOUND_INACTIVE))
    .toEqual(["bound_inactive", "UNDEF", "UNKNOWN", "UNKNOWN_TCP_STATE_13"]);
  expect(names(255)).toEqual(["unknown", "UNDEF", "UNKNOWN", "UNKNOWN_TCP_STATE_255"]);
});

test("each tool spells a timer its own way", () => {
  expect([1, 4, 5, 9].map((timer) => [timerKind(timer), ssTimerName(timer)])).toEqual([
    ["retransmit", "on"],
    ["persist", "persist"],
    ["delayed_ack", "delack"],
    ["unknown", "unknown"],
  ]);
  expect([0, 3, 4, 5].map(netstatTimerName)).toEqual(["off", "timewait", "probe", "unkn-5"]);
});
