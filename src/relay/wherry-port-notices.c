/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "relay/wherry-member-port-private.h"

/* What signaling says on a member's channel for notices. */

typedef struct
{
  WherryMemberPort *port;
  char *text;
  gboolean last;
} Notice;

static void
notice_free (gpointer data)
{
  Notice *self = data;

  wherry_member_port_unref (self->port);
  g_free (self->text);
  g_free (self);
}

static void
say (WherryPeer *peer, gpointer data)
{
  const Notice *self = data;
  WherryPortChannel *record = self->port->notices;
  g_autoptr (WherryMessage) message = NULL;

  if (record == NULL)
    return;
  message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) self->text,
                                strlen (self->text), self->port->budget);
  if (!self->last)
    wherry_outbox_push (record->outbox, message, NULL);
  else if (record->channel != NULL)
    wherry_channel_send (record->channel, message); /* its outbox is closed */
}

void
wherry_member_port_post_notice (WherryMemberPort *self, WherryPeer *peer, char *text, gboolean last)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->port = wherry_member_port_ref (self);
  notice->text = text;
  notice->last = last;
  wherry_peer_post_call (peer, say, notice, notice_free);
}
