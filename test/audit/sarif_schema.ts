/**
 * The part of the SARIF 2.1.0 schema that the program's output touches, written from the standard's text (OASIS
 * sarif-v2.1.0, sections 3.13 to 3.49): required properties, types, enumerations, and no others than those named. The whole
 * schema is not in the repository; the types of the output are checked against the published type definitions as well.
 *
 * @module
 */
const text = { type: "string", minLength: 1 };
const message = {
  type: "object",
  required: ["text"],
  additionalProperties: false,
  properties: { text },
};
const bag = {
  type: "object",
  properties: { tags: { type: "array", items: text, uniqueItems: true } },
};
const level = { enum: ["none", "note", "warning", "error"] };

/** The schema. */
export const SARIF_SCHEMA = {
  type: "object",
  required: ["version", "runs"],
  additionalProperties: false,
  properties: {
    $schema: { type: "string", format: "uri" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      items: {
        type: "object",
        required: ["tool", "results"],
        additionalProperties: false,
        properties: {
          tool: {
            type: "object",
            required: ["driver"],
            additionalProperties: false,
            properties: {
              driver: {
                type: "object",
                required: ["name", "rules"],
                additionalProperties: false,
                properties: {
                  name: text,
                  version: text,
                  rules: {
                    type: "array",
                    uniqueItems: true,
                    items: {
                      type: "object",
                      required: ["id"],
                      additionalProperties: false,
                      properties: {
                        id: text,
                        name: text,
                        shortDescription: message,
                        help: message,
                        defaultConfiguration: {
                          type: "object",
                          additionalProperties: false,
                          properties: { level },
                        },
                        properties: bag,
                      },
                    },
                  },
                },
              },
            },
          },
          invocations: {
            type: "array",
            items: {
              type: "object",
              required: ["executionSuccessful"],
              additionalProperties: false,
              properties: {
                executionSuccessful: { type: "boolean" },
                endTimeUtc: { type: "string", format: "date-time" },
                machine: { type: "string" },
                toolExecutionNotifications: {
                  type: "array",
                  items: {
                    type: "object",
                    required: ["message"],
                    additionalProperties: false,
                    properties: {
                      message,
                      level,
                      descriptor: {
                        type: "object",
                        required: ["id"],
                        additionalProperties: false,
                        properties: { id: text },
                      },
                    },
                  },
                },
              },
            },
          },
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          automationDetails: {
            type: "object",
            additionalProperties: false,
            properties: { id: text },
          },
          results: {
            type: "array",
            items: {
              type: "object",
              required: ["message"],
              additionalProperties: false,
              properties: {
                ruleId: text,
                ruleIndex: { type: "integer", minimum: 0 },
                kind: {
                  enum: ["notApplicable", "pass", "fail", "review", "open", "informational"],
                },
                level,
                message,
                locations: {
                  type: "array",
                  items: {
                    type: "object",
                    additionalProperties: false,
                    properties: {
                      physicalLocation: {
                        type: "object",
                        required: ["artifactLocation"],
                        additionalProperties: false,
                        properties: {
                          artifactLocation: {
                            type: "object",
                            required: ["uri"],
                            additionalProperties: false,
                            properties: { uri: { type: "string", format: "uri-reference" } },
                          },
                          region: {
                            type: "object",
                            required: ["startLine"],
                            additionalProperties: false,
                            properties: { startLine: { type: "integer", minimum: 1 } },
                          },
                        },
                      },
                      logicalLocations: {
                        type: "array",
                        items: {
                          type: "object",
                          additionalProperties: false,
                          properties: { fullyQualifiedName: text, kind: text },
                        },
                      },
                    },
                  },
                },
                partialFingerprints: { type: "object", additionalProperties: { type: "string" } },
                properties: bag,
              },
              // 3.27.10: a level other than none says that the result is a failure.
              if: { properties: { kind: { enum: ["pass", "open"] } } },
              then: { properties: { level: { const: "none" } } },
            },
          },
          properties: bag,
        },
      },
    },
  },
};
