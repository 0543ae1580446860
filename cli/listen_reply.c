/* SPDX-License-Identifier: Apache-2.0
 *
 * What `orderly listen` answers with the template of --ack-template. */
#include "listen.h"

/* What a message is answered with that the template refused. Whether the code begins with A or C is
 * the message's choice (rule 23). */
static struct answer_verdict refusal(const struct hl7_refusal *refusal)
{
    bool reject = refusal->code == HL7_AR || refusal->code == HL7_CR;

    return (struct answer_verdict){.outcome = reject ? HL7_REJECTED : HL7_FAILED,
                                   .condition = HL7_INTERNAL_ERROR,
                                   .reason = refusal->reason};
}

bool listen_reply_template(struct listen *listen, const struct hl7_message *message,
                           char code[ANSWER_CODE], struct answer_verdict *ret_verdict,
                           const char **ret_reason)
{
    struct listen_template *template = &listen->template;
    struct hl7_conversion conversion = {
        .source = message->bytes, .message = message, .refusal = &template->refusal};
    struct hl7_diagnostic diagnostic;
    hl7_slice reply = {NULL, 0};

    enum hl7_code failed = template_run(&template->live.current, &conversion, &listen->services,
                                        &template->output, &reply, &diagnostic);
    if (failed == HL7_OK && reply.len > 0 && answers_bytes(reply, &listen->replies, code)) {
        return true;
    }
    if (failed == HL7_REFUSED) {
        *ret_reason = NULL;
        *ret_verdict = refusal(&template->refusal);
        return false;
    }
    *ret_reason = failed != HL7_OK ? hl7_code_name(failed)
                  : reply.len == 0 ? "nothing to send"
                                   : "too long";
    *ret_verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                           .condition = HL7_INTERNAL_ERROR,
                                           .reason = "the answer could not be made"};
    return false;
}
