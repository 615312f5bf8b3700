/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Standard input and output as streams that do not hold up the main loop. Main thread only. */

/* (transfer full) */
GInputStream *wherry_stdio_open_input (void);
/*
 * (transfer full): largest: (out): no write may be larger; 0: any. A pipe is opened anew, so that
 * it is non-blocking here and stays as it is for the others who have it.
 */
GOutputStream *wherry_stdio_open_output (gsize *largest);
/* Whoever reads standard output comes to its end. */
void wherry_stdio_close_output (GOutputStream *output);
