/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-direct-channel.h"
#include "cli/stream/wherry-meet-private.h"

/* A partner's connection without the relay, which only introduces the two: their descriptions go
 * by the channel on which they met. */

struct _WherryPartnerDirect
{
  WherryPartner *partner; /* NULL: nobody wants it any more */
  WherryDirectChannel *direct;
  void (*closed) (gpointer user_data); /* (nullable) */
  gpointer user_data;
};

static gboolean
on_free (gpointer data)
{
  WherryPartnerDirect *self = data;

  wherry_direct_channel_free (self->direct);
  g_free (self);
  return G_SOURCE_REMOVE;
}

static void
on_described (const char *sdp, gpointer user_data)
{
  WherryPartnerDirect *self = user_data;

  if (self->partner != NULL)
    wherry_partner_describe (self->partner, sdp);
}

static void
on_opened (gpointer user_data)
{
  WherryPartnerDirect *self = user_data;

  /* a channel that was open when it came may say so once more */
  if (self->partner != NULL && self->partner->state == WHERRY_PARTNER_CONNECTING)
    wherry_partner_meet (self->partner);
}

static void
on_message (GBytes *message, gpointer user_data)
{
  WherryPartnerDirect *self = user_data;

  if (self->partner != NULL)
    wherry_partner_take_message (self->partner, message);
}

static void
on_closed (const GError *error, gpointer user_data)
{
  WherryPartnerDirect *self = user_data;
  void (*closed) (gpointer) = self->closed;

  self->closed = NULL;
  if (closed != NULL)
    closed (self->user_data);
  else if (self->partner != NULL)
    wherry_partner_lose (self->partner, error);
}

/* (transfer full) (nullable): as the connection to the relay, with the servers that it names. */
static WherryConfiguration *
make_configuration (WherryMeet *meet)
{
  WherryPeerConnection *connection = wherry_client_get_connection (meet->client);
  WherryConfiguration *configuration
      = connection != NULL ? wherry_peer_connection_get_configuration (connection) : NULL;

  if (configuration == NULL)
    configuration = wherry_invocation_make_configuration (meet->invocation, NULL);
  if (configuration != NULL)
    g_object_set (configuration, "send-buffer-limit", (guint64) WHERRY_CLI_DIRECT_BYTES, NULL);
  return configuration;
}

void
wherry_partner_go_direct (WherryPartner *partner, const char *offer)
{
  static const WherryDirectChannelHooks hooks = { on_described, on_opened, on_message, on_closed };
  g_autoptr (WherryConfiguration) configuration = make_configuration (partner->meet);

  partner->direct = g_new0 (WherryPartnerDirect, 1);
  partner->direct->partner = partner;
  partner->direct->direct
      = wherry_direct_channel_new (configuration, offer, &hooks, partner->direct);
}

void
wherry_partner_take_description (WherryPartner *partner, const char *sdp)
{
  if (partner->direct == NULL && !partner->is_inviter)
    wherry_partner_go_direct (partner, sdp);
  else if (partner->direct != NULL && partner->is_inviter)
    wherry_direct_channel_answer (partner->direct->direct, sdp);
}

gboolean
wherry_partner_send_direct (WherryPartner *partner, GBytes *message, GError **error)
{
  if (wherry_direct_channel_send (partner->direct->direct, message))
    return TRUE;
  /* its buffer is larger than what may be on its way, so that it is never full */
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the direct connection is closed");
  return FALSE;
}

/* Inside of a hook of it, perhaps: it is freed later. */
void
wherry_partner_forget_direct (WherryPartner *partner)
{
  WherryPartnerDirect *direct = g_steal_pointer (&partner->direct);

  if (direct == NULL)
    return;
  direct->partner = NULL;
  direct->closed = NULL;
  g_idle_add (on_free, direct);
}

void
wherry_partner_close_direct (WherryPartner *partner, void (*closed) (gpointer user_data),
                             gpointer user_data)
{
  partner->direct->closed = closed;
  partner->direct->user_data = user_data;
  wherry_direct_channel_close (partner->direct->direct);
}
