/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a data channel's stream: channel-stream (the GIOStream, and waiting),
 * channel-input-stream, channel-output-stream. What is not said otherwise belongs to the creator's
 * thread. */

#include "lib/wherry-data-channel-private.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CHANNEL_INPUT_STREAM (wherry_channel_input_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryChannelInputStream, wherry_channel_input_stream, WHERRY,
                      CHANNEL_INPUT_STREAM, GInputStream)
#define WHERRY_TYPE_CHANNEL_OUTPUT_STREAM (wherry_channel_output_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryChannelOutputStream, wherry_channel_output_stream, WHERRY,
                      CHANNEL_OUTPUT_STREAM, GOutputStream)
#define WHERRY_TYPE_CHANNEL_STREAM (wherry_channel_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryChannelStream, wherry_channel_stream, WHERRY, CHANNEL_STREAM, GIOStream)

GInputStream *wherry_channel_input_stream_new (WherryDataChannel *channel);
GOutputStream *wherry_channel_output_stream_new (WherryDataChannel *channel);
GIOStream *wherry_channel_stream_new (WherryDataChannel *channel);

/* ---- waiting ---- */
typedef gboolean (*WherryStreamCondition) (gpointer stream);
/* One try: -1 and G_IO_ERROR_WOULD_BLOCK while it cannot be done. */
typedef gssize (*WherryStreamTry) (gpointer stream, gpointer data, GError **error);

/* Ready while condition is; looked at once in each turn of the loop. (transfer full) */
GSource *wherry_stream_source_new (gpointer stream, WherryStreamCondition condition,
                                   GCancellable *cancellable);
/* Tries until it can be done: on the creator's thread by running its context, on another by waiting
 * for that thread to run it. Thread: any */
gssize wherry_stream_wait (gpointer stream, WherryConnection *connection,
                           WherryStreamCondition condition, WherryStreamTry func, gpointer data,
                           GCancellable *cancellable, GError **error);

G_END_DECLS
