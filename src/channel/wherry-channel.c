/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include "channel/wherry-channel-private.h"

G_DEFINE_FINAL_TYPE (WherryChannel, wherry_channel, G_TYPE_OBJECT)

static void
wherry_channel_finalize (GObject *object)
{
  WherryChannel *self = WHERRY_CHANNEL (object);

  g_free (self->label);
  g_free (self->protocol);
  G_OBJECT_CLASS (wherry_channel_parent_class)->finalize (object);
}

static void
wherry_channel_class_init (WherryChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wherry_channel_finalize;
}

static void
wherry_channel_init (WherryChannel *self)
{
}

WherryChannel *
wherry_channel_new (WherryChannelSet *set, const WherryChannelInit *init)
{
  WherryChannel *self = g_object_new (WHERRY_TYPE_CHANNEL, NULL);

  self->set = set;
  self->init = *init;
  self->init.label = self->label = g_strdup (init->label != NULL ? init->label : "");
  self->init.protocol = self->protocol = g_strdup (init->protocol != NULL ? init->protocol : "");
  return self;
}

void
wherry_channel_set_id (WherryChannel *self, guint16 id)
{
  self->init.id = id;
}

const WherryChannelInit *
wherry_channel_get_init (WherryChannel *self)
{
  return &self->init;
}

guint16
wherry_channel_get_id (WherryChannel *self)
{
  return self->init.id;
}

WherryChannelState
wherry_channel_get_state (WherryChannel *self)
{
  return self->state;
}

gboolean
wherry_channel_is_closed_by_them (WherryChannel *self)
{
  return self->incoming_done;
}

const char *
wherry_channel_get_label (WherryChannel *self)
{
  return self->label;
}

void
wherry_channel_set_user_data (WherryChannel *self, gpointer data)
{
  self->user_data = data;
}

gpointer
wherry_channel_get_user_data (WherryChannel *self)
{
  return self->user_data;
}

void
wherry_channel_accept (WherryChannel *self)
{
  if (self->set != NULL && self->state == WHERRY_CHANNEL_INCOMING)
    wherry_channel_protocol_accept (self->set, self);
}

gboolean
wherry_channel_give_id (WherryChannel *self, guint16 id)
{
  return self->set != NULL && wherry_channel_set_take_id (self->set, self, id);
}

WherrySendResult
wherry_channel_send (WherryChannel *self, WherryMessage *message)
{
  if (self->set == NULL || self->state == WHERRY_CHANNEL_CLOSING
      || self->state == WHERRY_CHANNEL_CLOSED)
    return WHERRY_SEND_FAILED;
  return wherry_channel_protocol_send (self->set, self, message);
}

gboolean
wherry_channel_may_be_passed (WherryChannel *self)
{
  return self->set != NULL && self->set->transport != NULL
         && wherry_stream_transport_is_interleaving (self->set->transport);
}

void
wherry_channel_close (WherryChannel *self)
{
  if (self->set != NULL && self->state != WHERRY_CHANNEL_CLOSING
      && self->state != WHERRY_CHANNEL_CLOSED)
    wherry_channel_closing_begin (self->set, self);
}
