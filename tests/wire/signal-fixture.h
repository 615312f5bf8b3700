/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client says, from a copy in which a sanitizer sees one byte too far. */

#include "wire/wherry-signal.h"

G_BEGIN_DECLS

/* It must be taken. */
WherrySignal *signal_parse (const char *text);
/* It must be refused so, with a reason that repeats no secret. */
void signal_assert_refused (const char *text, WherrySignalError code);

G_END_DECLS
