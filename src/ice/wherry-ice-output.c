/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-output.h"

/* Packets handed to libnice in one call. */
#define BATCH_MAX 64u

static guint
send_batch (NiceAgent *agent, guint stream, const GOutputVector *packets, guint n,
            const WherryLogContext *log)
{
  NiceOutputMessage messages[BATCH_MAX];
  g_autoptr (GError) error = NULL;
  int sent;

  for (guint i = 0; i < n; i++)
    {
      messages[i].buffers = (GOutputVector *) &packets[i];
      messages[i].n_buffers = 1;
    }
  sent = nice_agent_send_messages_nonblocking (agent, stream, WHERRY_ICE_COMPONENT, messages, n,
                                               NULL, &error);
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wherry_debug (log, "sending over ICE: %s", error->message);
  return n - (guint) CLAMP (sent, 0, (int) n);
}

guint
wherry_ice_output_send (NiceAgent *agent, guint stream, const GOutputVector *packets, guint n,
                        const WherryLogContext *log)
{
  guint dropped = 0;

  for (guint i = 0; i < n; i += BATCH_MAX)
    dropped += send_batch (agent, stream, packets + i, MIN (n - i, BATCH_MAX), log);
  return dropped;
}
