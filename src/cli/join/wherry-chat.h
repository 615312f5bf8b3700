/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The topic on which the built-in page talks, and what is said there: JSON, {"from","name","text"}.
 * Other topics, and other programs, have their own words: those are text as it is.
 */
#define WHERRY_CHAT_TOPIC "chat"

/* (transfer full): the message. @id, @name: nullable. Thread: any */
char *wherry_chat_pack (const char *id, const char *name, const char *text);
/*
 * (transfer full): what a message says; @name: (out) (nullable): what its sender calls itself, for
 * want of better knowledge. NULL: it is no such message. Thread: any
 */
char *wherry_chat_unpack (const char *data, gsize length, char **name);
