/* SPDX-License-Identifier: Apache-2.0
 *
 * convert.h - a stored message to what a destination gets: through the route's template, in the
 * destination's character set. It happens at delivery, with the template in force then.
 *
 * control_id() of a template gives the same id each time the same delivery is converted, and another one
 * for each delivery: a repetition after a crash can be known by its MSH-10 (rule 28). */
#ifndef BROKER_DELIVER_CONVERT_H
#define BROKER_DELIVER_CONVERT_H

#include "../../base/parsing.h"
#include "../../base/services.h"
#include "../../base/templates.h"
#include "../../base/text.h"

/* Memory for conversions, one at a time. Begin with the services and TEXT_CHARSET_NONE. */
struct convert {
    struct services *services;
    struct parsing parsing;
    struct template_output output;
    struct text_charset charset;
    struct memory_block utf8;
    struct memory_block coded;
};

struct convert_input {
    hl7_slice bytes;                  /* as received */
    const struct template_file *file; /* NULL: the bytes as they are */
    const char *source_charset;       /* of messages that name none; NULL: UTF-8 is assumed */
    const char *target_charset;       /* NULL: as it is */
    int64_t received; /* microseconds: with `delivery`, what control_id() is made of */
    int64_t delivery;
};

enum convert_outcome {
    CONVERT_DONE,
    CONVERT_FILTERED, /* the template makes nothing: it is not to be sent */
    CONVERT_FAILED,   /* an error; the reason says where and why, without message content */
    CONVERT_REFUSED /* by the template's {reject}; the reason is its text, which may hold content */
};

/* Converts. *ret_bytes is good until the next conversion. `reason` holds no message content unless the
 * template's own {reject} put it there. */
enum convert_outcome convert_message(struct convert *convert, const struct convert_input *input,
                                     hl7_slice *ret_bytes, char reason[256]);

void convert_free(struct convert *convert);

#endif
