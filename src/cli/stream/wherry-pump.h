/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/stream/wherry-mux.h"

/*
 * Carries what is read from an input to a stream, and what comes on it to an output, each as fast
 * as the other side takes it, each to its own end. Main thread only.
 */
typedef struct _WherryPump WherryPump;

typedef struct
{
  /* All that came was written: close that half of it. */
  void (*end_output) (gpointer user_data);
  /* It is over. error: NULL: both ends were reached, and everything is where it goes. May free the
   * pump. local: it broke at this side */
  void (*finished) (gpointer user_data, const GError *error, gboolean local);
} WherryPumpEvents;

/* It does nothing yet. */
WherryPump *wherry_pump_new (const WherryPumpEvents *events, gpointer user_data);
void wherry_pump_free (WherryPump *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryPump, wherry_pump_free)

/* Once. What came before waits. */
void wherry_pump_attach (WherryPump *self, GInputStream *input, GOutputStream *output);
/* By a new stream, or one that the other side opened. */
void wherry_pump_open (WherryPump *self, WherryMux *mux);
void wherry_pump_take (WherryPump *self, WherryMuxStream *stream);
/* Whether it was given one of these, which may have ended. */
gboolean wherry_pump_has_stream (WherryPump *self);
/* No write is larger than this: 0: any */
void wherry_pump_set_largest_write (WherryPump *self, gsize bytes);
/* Ends it at once: the other side is told. */
void wherry_pump_abort (WherryPump *self, WherryMuxCode code, const char *text);

typedef struct
{
  guint64 read;    /* from the input */
  guint64 written; /* to the output */
  gboolean input_ended;
  gboolean output_ended;
} WherryPumpCounts;

WherryPumpCounts wherry_pump_get_counts (WherryPump *self);
