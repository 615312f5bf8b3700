/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/wherry-limits.h"
#include "model.h"

/* ---- its channels ---- */

static ModelChannel *
channel_new (ModelClient *client, WherryChannel *channel, guint topic, gboolean theirs)
{
  ModelChannel *self = g_new0 (ModelChannel, 1);
  const WherryChannelInit *init = wherry_channel_get_init (channel);

  g_ptr_array_add (client->model->channels, self);
  g_ptr_array_add (client->channels, self);
  self->id = client->model->channels->len;
  self->client = client;
  self->topic = topic;
  self->channel = g_object_ref (channel);
  self->theirs = theirs;
  self->lossy = init->reliability != WHERRY_RELIABLE;
  self->ordered = init->ordered;
  self->addressed = strcmp (init->protocol, WHERRY_FRAME_PROTOCOL) == 0;
  wherry_channel_set_user_data (channel, self);
  return self;
}

/* What the client can still use of a topic, when one of its channels is gone. */
static void
look_for_newest (ModelClient *self, guint topic)
{
  ModelTopic *known = &self->topics[topic];

  known->newest = NULL;
  known->mirror = NULL;
  for (guint i = 0; i < self->channels->len; i++)
    {
      ModelChannel *channel = g_ptr_array_index (self->channels, i);

      if (channel->topic != topic || channel->channel == NULL)
        continue;
      if (channel->theirs)
        known->mirror = channel;
      else
        known->newest = channel;
    }
}

/* It is closed, by whomever. */
static void
channel_gone (ModelChannel *self)
{
  ModelClient *client = self->client;
  Model *model = client->model;

  if (self->channel == NULL)
    return;
  wherry_channel_set_user_data (self->channel, NULL);
  g_clear_object (&self->channel);
  look_for_newest (client, self->topic);
  if (self->theirs)
    {
      /* who spoke on a mirror kept the topic */
      if (self->n_sent > 0 && (client->left || client->ended))
        model_flow_topic_shaken (model, client->room, self->topic, TRUE);
      return;
    }
  client->topics[self->topic].n_own--;
  g_ptr_array_remove (model->rooms[client->room].owns, self);
  model_flow_topic_shaken (model, client->room, self->topic, TRUE);
}

static void
on_set_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  ModelClient *self = user_data;

  if (state == WHERRY_TRANSPORT_CONNECTED)
    self->connected = TRUE;
  if (state == WHERRY_TRANSPORT_CLOSED || state == WHERRY_TRANSPORT_FAILED)
    {
      self->ended = TRUE;
      model_flow_forget (self, -1);
    }
}

/* Where there may be few channels, a mirror that was to take another's place may be refused and
 * come later: that is a new subscription, with the history once more. */
static void
may_begin_anew (ModelClient *self, guint topic)
{
  ModelTopic *known = &self->topics[topic];

  if (!self->model->profile.is_limited || self->history == 0
      || !model_topic_has_history (&self->model->profile, topic))
    return;
  known->seen = 0;
  known->has_live = FALSE;
  model_history_begin_anew (self, topic);
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  ModelClient *self = user_data;
  const char *label = wherry_channel_get_label (channel);
  ModelChannel *mirror;
  guint topic = 0;

  while (topic < MODEL_TOPICS_MAX && strcmp (label, model_topic_label (topic)) != 0)
    topic++;
  if (topic == MODEL_TOPICS_MAX)
    model_fail (self->model, "%s: a mirror of “%s”", self->name, label);
  if (!self->mirror)
    model_fail (self->model, "%s wants no mirrors: %s", self->name, label);
  if (self->topics[topic].closed_known && self->topics[topic].n_own == 0)
    model_fail (self->model, "%s closed %s, which is mirrored again", self->name, label);
  may_begin_anew (self, topic);
  mirror = channel_new (self, channel, topic, TRUE);
  mirror->open = TRUE;
  if (mirror->addressed != self->addressed)
    model_fail (self->model, "%s %s headers: %s", self->name,
                self->addressed ? "asked for" : "did not ask for", label);
  self->topics[topic].mirror = mirror;
  model_trace (self->model, "%s <- mirror %s c%u%s", self->name, label, mirror->id,
               mirror->lossy ? " lossy" : "");
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  ModelChannel *self = wherry_channel_get_user_data (channel);
  ModelTopic *known;

  if (self != NULL)
    {
      self->open = self->was_open = TRUE;
      known = &self->client->topics[self->topic];
      known->kept &= self->theirs;
      if (!self->theirs && self->id > known->closed_at) /* the relay has seen that too */
        known->unsure = known->closed = known->closed_known = FALSE;
    }
  if (self != NULL && !self->theirs)
    model_trace (self->client->model, "%s <- ack c%u", self->client->name, self->id);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  ModelClient *client = user_data;
  ModelChannel *self = wherry_channel_get_user_data (channel);
  Model *model = client->model;
  char header[MODEL_PAYLOAD_HEADER + 1] = { 0 };
  guint id;
  guint size;
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  WherryMessageKind kind = wherry_message_get_kind (message);
  WherryFrame frame = { 0 };

  if (self == NULL)
    return; /* closed here */
  if (self->addressed)
    {
      if (kind != WHERRY_MESSAGE_BINARY || !model_unframe (&data, &length, &frame))
        model_fail (model, "%s got what is not framed on c%u", client->name, self->id);
      kind = frame.text ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY;
    }
  if (length <= MODEL_PAYLOAD_HEADER)
    model_fail (model, "%s got %" G_GSIZE_FORMAT " bytes that nobody sent", client->name, length);
  memcpy (header, data, MODEL_PAYLOAD_HEADER);
  if (sscanf (header, "%8x%8x", &id, &size) != 2 || id == 0 || id > model->messages->len
      || size != length || data[length - 1] != 'a' + id % 26
      || (kind == WHERRY_MESSAGE_TEXT) != (id % 2 == 1))
    model_fail (model, "%s got what nobody sent: %s", client->name, header);
  if (self->addressed && !client->left) /* the room may have begun anew */
    model_numbers_came (self, id, &frame);
  model_flow_came (self, id);
  if (client->pace_us > 0)
    {
      wherry_fake_stream_set_stalled (client->end, TRUE);
      client->resume_us = model_now_us (model) + client->pace_us;
    }
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  ModelChannel *self = wherry_channel_get_user_data (channel);

  if (self == NULL)
    return;
  model_trace (self->client->model, "%s <- closed c%u", self->client->name, self->id);
  if (!self->theirs && self->was_open && !self->client->ended
      && wherry_fake_stream_is_paused (self->client->end))
    model_trace (self->client->model, "while paused");
  channel_gone (self);
}

static const WherryChannelSetEvents set_events = {
  .state = on_set_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
};

/* ---- life ---- */

static WherryStreamTransport *
make_transport (gpointer data)
{
  ModelClient *self = data;
  const WherryFakeStreamOptions options = { .window = self->model->profile.window };

  wherry_fake_stream_new_pair (&options, NULL, NULL, &self->relay_end, &self->end);
  g_object_add_weak_pointer (G_OBJECT (self->relay_end), (gpointer *) &self->relay_end);
  self->set = wherry_channel_set_new (WHERRY_CHANNELS_PER_CONNECTION, &set_events, self);
  wherry_channel_set_attach (self->set, WHERRY_STREAM_TRANSPORT (self->end), TRUE);
  return WHERRY_STREAM_TRANSPORT (self->relay_end);
}

void
model_client_make_peer (WherryRelayMember *member, WherryPeerConfig *config, gpointer user_data)
{
  config->transport = make_transport;
  config->transport_data = member->user_data;
  config->context = g_main_context_default ();
}

static void
flow_free (gpointer flow)
{
  g_queue_clear (&((ModelFlow *) flow)->due);
  g_free (flow);
}

ModelClient *
model_client_join (Model *model, guint room, gboolean mirror, guint history, gboolean resumable,
                   gboolean addressed)
{
  ModelClient *self = g_new0 (ModelClient, 1);
  char label[8];
  const WherryJoin join = {
    .room = label,
    .name = self->name,
    .mirror = mirror,
    .history = history,
    .resumable = resumable,
    .addressed = addressed,
  };
  g_autoptr (GError) error = NULL;
  WherrySignalError code;

  g_snprintf (label, sizeof label, "r%u", room);
  self->model = model;
  self->index = model->clients->len;
  self->room = room;
  self->mirror = mirror;
  self->history = history;
  self->resumable = resumable;
  self->addressed = addressed || resumable;
  self->paused_us = -1;
  g_snprintf (self->name, sizeof self->name, "m%u", self->index);
  self->channels = g_ptr_array_new ();
  self->idle = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->flows = g_hash_table_new_full (NULL, NULL, NULL, flow_free);
  self->came = g_byte_array_new ();
  self->roster = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->member
      = wherry_relay_hub_join (model->relay, &join, &model_member_events, self, &code, &error);
  if (self->member == NULL)
    model_fail (model, "%s may not join: %s", self->name, error->message);
  g_strlcpy (self->id, wherry_relay_member_get_id (self->member), sizeof self->id);
  self->token = wherry_relay_member_issue_resume (self->member);
  g_ptr_array_add (model->clients, self);
  g_ptr_array_add (model->present, self);
  model_trace (model, "%s joins %s%s", self->name, label, mirror ? "" : " without mirrors");
  model_told_init (self);
  model_flow_joined (self);
  return self;
}

void
model_client_start (ModelClient *self)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code;

  if (self->member == NULL || self->started)
    return;
  self->started = TRUE;
  model_trace (self->model, "%s connects", self->name);
  if (!wherry_relay_member_call (self->member, NULL, 0, &code, &error))
    model_fail (self->model, "%s may not connect: %s", self->name, error->message);
}

void
model_client_free (gpointer data)
{
  ModelClient *self = data;

  if (self->set != NULL)
    wherry_channel_set_close (self->set);
  for (guint i = 0; i < self->channels->len; i++)
    {
      ModelChannel *channel = g_ptr_array_index (self->channels, i);

      g_clear_object (&channel->channel);
      g_free (channel);
    }
  for (guint i = 0; i < MODEL_TOPICS_MAX; i++)
    g_clear_pointer (&self->topics[i].lossy, g_array_unref);
  if (self->relay_end != NULL)
    g_object_remove_weak_pointer (G_OBJECT (self->relay_end), (gpointer *) &self->relay_end);
  g_ptr_array_unref (self->channels);
  g_array_unref (self->idle);
  g_hash_table_unref (self->flows);
  g_byte_array_unref (self->came);
  g_free (self->token);
  g_hash_table_unref (self->roster);
  g_clear_object (&self->set);
  g_clear_object (&self->end);
  g_free (self);
}

gboolean
model_client_is_usable (const ModelClient *self)
{
  return self->member != NULL && self->set != NULL && !self->ended && !self->cut;
}

void
model_client_open (ModelClient *self, guint topic, gboolean lossy, gboolean ordered,
                   gboolean addressed)
{
  const WherryChannelInit init = {
    .label = model_topic_label (topic),
    .protocol = addressed ? WHERRY_FRAME_PROTOCOL : "",
    .ordered = ordered || !lossy,
    .reliability = lossy ? WHERRY_MAX_RETRANSMITS : WHERRY_RELIABLE,
    .priority = 256,
  };
  g_autoptr (GError) error = NULL;
  WherryChannel *channel;
  ModelChannel *record;
  ModelTopic *known;

  if (!model_client_is_usable (self))
    return;
  channel = wherry_channel_set_create (self->set, &init, &error);
  if (channel == NULL)
    model_fail (self->model, "%s cannot open: %s", self->name, error->message);
  record = channel_new (self, channel, topic, FALSE);
  g_ptr_array_add (self->model->rooms[self->room].owns, record);
  model_flow_topic_shaken (self->model, self->room, topic, FALSE);
  if (lossy)
    model_flow_soften (self, topic);
  known = &self->topics[topic];
  if (known->n_own++ == 0)
    known->is_fresh = !known->kept && (known->closed_known || (!self->mirror && !known->closed));
  if (known->kept)
    known->has_live = FALSE;
  if (known->n_own == 1 && known->closed)
    {
      known->seen = 0;
      known->has_live = FALSE;
      if (self->history > 0 && model_topic_has_history (&self->model->profile, topic))
        model_history_begin_anew (self, topic);
    }
  self->topics[topic].newest = record;
  model_trace (self->model, "%s opens %s c%u%s%s", self->name, model_topic_label (topic),
               record->id, lossy ? " lossy" : "", addressed ? " addressed" : "");
}

void
model_client_close (ModelClient *self, ModelChannel *channel)
{
  g_autoptr (WherryChannel) closing = NULL;

  if (!model_client_is_usable (self) || channel->channel == NULL)
    return;
  model_trace (self->model, "%s closes c%u", self->name, channel->id);
  self->topics[channel->topic].closed = TRUE;
  self->topics[channel->topic].seen = 0;
  self->topics[channel->topic].has_live = self->topics[channel->topic].is_fresh = FALSE;
  self->topics[channel->topic].closed_known = FALSE;
  /* it may have been refused */
  self->topics[channel->topic].closed_both
      = channel->theirs ? !channel->sure : !channel->open && self->model->profile.is_limited;
  self->topics[channel->topic].unsure = TRUE;
  self->topics[channel->topic].closed_at = self->model->channels->len;
  model_flow_forget (self, (int) channel->topic);
  if (self->history > 0 && model_topic_has_history (&self->model->profile, channel->topic))
    model_history_begin_anew (self, channel->topic);
  closing = g_object_ref (channel->channel);
  wherry_channel_close (closing);
  if (wherry_channel_get_state (closing) == WHERRY_CHANNEL_CLOSED) /* its OPEN never went out */
    self->topics[channel->topic].closed_both = TRUE;
  channel_gone (channel);
}

void
model_client_leave (ModelClient *self)
{
  if (self->member == NULL || self->detached || self->away || self->resuming)
    return;
  model_trace (self->model, "%s leaves", self->name);
  wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
}

static gsize
get_unread (ModelClient *self)
{
  return wherry_stream_transport_get_buffered (WHERRY_STREAM_TRANSPORT (self->end));
}

/* The association is aborted by the client: what it had taken is acknowledged. */
void
model_client_kill (ModelClient *self)
{
  if (!model_client_is_usable (self) || !self->connected)
    return;
  model_trace (self->model, "%s dies", self->name);
  self->model->dead_bytes += get_unread (self);
  self->ended = TRUE;
  model_flow_forget (self, -1);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (self->end));
  wherry_channel_set_close (self->set);
}

/* First nothing gets through, then (failed) the relay sees that. */
void
model_client_cut (ModelClient *self, gboolean failed)
{
  if (self->member == NULL || self->set == NULL || self->ended || !self->connected
      || self->relay_end == NULL)
    return;
  model_client_set_stalled (self, TRUE);
  self->cut = TRUE;
  wherry_fake_stream_set_stalled (self->relay_end, TRUE);
  model_trace (self->model, "%s is cut off%s", self->name, failed ? " for good" : "");
  if (!failed)
    return;
  self->model->dead_bytes += get_unread (self);
  model_resume_fail (self);
  wherry_fake_stream_end (self->relay_end, WHERRY_TRANSPORT_FAILED, NULL);
}

/* ---- reading ---- */

static void
set_idle (ModelClient *self, gboolean idle)
{
  gint64 now_us = model_now_us (self->model);

  if ((self->idle->len % 2 == 1) == idle)
    return;
  g_array_append_val (self->idle, now_us);
}

void
model_client_set_stalled (ModelClient *self, gboolean stalled)
{
  if (self->set == NULL || self->ended || self->cut)
    return;
  model_trace (self->model, "%s %s", self->name, stalled ? "stops reading" : "reads");
  self->stalled = stalled;
  self->pace_us = 0;
  set_idle (self, stalled);
  wherry_fake_stream_set_stalled (self->end, stalled);
}

void
model_client_set_pace (ModelClient *self, gint64 pace_us)
{
  if (self->set == NULL || self->ended || self->cut)
    return;
  model_client_set_stalled (self, FALSE);
  model_trace (self->model, "%s reads one each %" G_GINT64_FORMAT " ms", self->name,
               pace_us / 1000);
  self->pace_us = pace_us;
  self->resume_us = model_now_us (self->model);
  set_idle (self, TRUE);
}

void
model_client_wake (ModelClient *self)
{
  if (self->pace_us == 0 || self->ended || self->resume_us > model_now_us (self->model))
    return;
  wherry_fake_stream_set_stalled (self->end, FALSE);
}
