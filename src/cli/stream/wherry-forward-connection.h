/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/stream/wherry-pump.h"

/*
 * One TCP connection that `wherry forward` carries: accepted here, or to be made here. Main thread
 * only.
 */
typedef struct _WherryForwardConnection WherryForwardConnection;

/* It is over, and is to be freed. error: (nullable) */
typedef void (*WherryForwardEnded) (gpointer user_data, WherryForwardConnection *connection,
                                    const GError *error);

/* By a new stream, from a socket that was accepted. */
WherryForwardConnection *wherry_forward_connection_open (GSocketConnection *socket, WherryMux *mux,
                                                         WherryForwardEnded ended,
                                                         gpointer user_data);
/* By a stream that the other side opened: connects to an address. */
WherryForwardConnection *wherry_forward_connection_make (WherryMuxStream *stream,
                                                         GSocketConnectable *target,
                                                         WherryForwardEnded ended,
                                                         gpointer user_data);
/* One that has not ended is broken off, at both its sides. */
void wherry_forward_connection_free (WherryForwardConnection *self);
WherryPumpCounts wherry_forward_connection_get_counts (WherryForwardConnection *self);
