/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Decides what of the log a person sees on standard error: warnings, and with @verbose what the
 * library does too. G_MESSAGES_DEBUG works as ever. Call it once. Thread: main
 */
void wherry_terminal_log_init (gboolean verbose);
