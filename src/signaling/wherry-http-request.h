/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One request of libsoup's, and what every answer has in common. Thread: hub */

#include <libsoup/soup.h>

#include "base/wherry-budget.h"
#include "signaling/wherry-counted-stream.h"
#include "signaling/wherry-origin-policy.h"
#include "wire/wherry-reason.h"

G_BEGIN_DECLS

/* The connection that it came in on; NULL: it is none of ours. */
WherryCountedStream *wherry_http_get_stream (SoupServerMessage *message);

/* text: one line, without its end. */
void wherry_http_answer (SoupServerMessage *message, guint status, const char *text);
/* The status that fits code, which is named in a header; text: as above. */
void wherry_http_refuse (SoupServerMessage *message, WherrySignalError code, const char *text);

/* Host, of those that hosts allows, and Origin, of those that origins does; FALSE: it was refused
 * with 403. */
gboolean wherry_http_check_origin (SoupServerMessage *message, const WherryOriginPolicy *hosts,
                                   const WherryOriginPolicy *origins);
/* The Origin, which was checked, may read the answer (Fetch, CORS protocol). */
void wherry_http_allow_origin (SoupServerMessage *message);
/* The answer to OPTIONS; methods: "GET, POST". */
void wherry_http_answer_options (SoupServerMessage *message, const char *methods);

/* Of the body that was read, or of one that was announced. FALSE: a body of this length is not to
 * be read at all, and its connection was ended with a last 413. */
gboolean wherry_http_check_length (SoupServerMessage *message, gsize most, gboolean may_be_chunked);
/* What may come, which is charged to budget (nullable) while the message lives: what is more is
 * read and forgotten up to WHERRY_HTTP_DISCARD_MAX, then the connection ends. */
void wherry_http_bound_body (SoupServerMessage *message, gsize most, WherryBudget *budget);
/* Whether more came than bound_body() said. */
gboolean wherry_http_is_too_large (SoupServerMessage *message);

G_END_DECLS
