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
