/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Limits of the command line on what others may make it hold or do, each with its reason. */

/* ---- lines and JSON ---- */

/* A line that is read or received: the largest message of a room by default. */
#define WHERRY_CLI_LINE_BYTES (256u * 1024u)
/* What is parsed as JSON: such a line. Deeper than the wire allows is nobody's message. */
#define WHERRY_CLI_JSON_BYTES WHERRY_CLI_LINE_BYTES
#define WHERRY_CLI_JSON_DEPTH 32u
/* What somebody types in one go. */
#define WHERRY_CLI_TYPED_BYTES (16u * 1024u)

/* ---- rooms ---- */

/* Who left, and may still be named: their last words come by another way than the news of it. */
#define WHERRY_CLI_DEPARTED_MAX 64u
/* The end of an id that stands for a member without a name, as on the built-in page. */
#define WHERRY_CLI_SHORT_ID 4u
/* What a member says about itself is shown so long. */
#define WHERRY_CLI_ABOUT_CHARS 160u

/* ---- streams: pipe and forward ---- */

/* Streams that were refused, or ended here, and of which the other side does not know yet. */
#define WHERRY_CLI_RESETS_MAX 1024u
/* What may be on its way to this side by the relay: below the outbox that it has for a member and
 * a topic (1 MiB), so that nobody who sends here waits for it, and it is never too slow. */
#define WHERRY_CLI_TRANSIT_BYTES (768u * 1024u)
/* Whom a server has met at once: each gets its part of that. */
#define WHERRY_CLI_PARTNERS_MAX 16u
/* An answer to an invitation, from a program that said that it waits for one. */
#define WHERRY_CLI_ANSWER_SECONDS 10u
/* That somebody left is told by another way than what it sent last: that is waited for. */
#define WHERRY_CLI_LAST_WORDS_SECONDS 3u
/* What a stream holds at the side where it is not taken: of one stream, and of each of many. */
#define WHERRY_CLI_PIPE_BYTES (768u * 1024u)
#define WHERRY_CLI_FORWARD_BYTES (128u * 1024u)
/* TCP connections that are carried at once; each holds a window at most. */
#define WHERRY_CLI_CONNECTIONS_DEFAULT 256u
#define WHERRY_CLI_CONNECTIONS_MAX 4096u
/* For the target to be reached. */
#define WHERRY_CLI_CONNECT_SECONDS 20u
/* An offer for a direct connection, from one that accepted: its candidates are gathered first. */
#define WHERRY_CLI_OFFER_SECONDS 30u
/* What waits to go to a direct connection: more than may be on its way. */
#define WHERRY_CLI_DIRECT_BYTES (2u * 1024u * 1024u)
