/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The log of a command that shows each step: lines on standard error that begin with the
 * milliseconds since wherry_steps_begin(). It belongs to the main thread. */

/* Time is counted from here. Thread: main */
void wherry_steps_begin (void);
/* One line, unless --quiet. Texts of strangers have to be made safe before. Thread: main */
void wherry_steps_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
