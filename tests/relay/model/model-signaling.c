/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "model.h"

/* Who hears what of whom. A room's log is what any of its members was told first; all others must
 * be told the same, each thing once, from their join to their leaving. */

static ModelClient *
find (Model *model, const char *id)
{
  for (guint i = model->clients->len; i > 0; i--)
    {
      ModelClient *client = g_ptr_array_index (model->clients, i - 1);

      if (strncmp (client->id, id, 16) == 0)
        return client;
    }
  return NULL;
}

static gboolean
is_about (const char *entry, const char *id)
{
  return strncmp (entry + 1, id, 16) == 0;
}

/* One's own coming and going is not told; one's own messages are. */
static void
skip_own (ModelClient *self)
{
  const GPtrArray *log = self->model->rooms[self->room].log;

  while (self->cursor < log->len)
    {
      const char *entry = g_ptr_array_index (log, self->cursor);

      if (*entry == 'm' || !is_about (entry, self->id))
        return;
      self->cursor++;
    }
}

static void
hear (ModelClient *self, const char *entry)
{
  GPtrArray *log = self->model->rooms[self->room].log;

  if (self->left)
    model_fail (self->model, "%s was told after it had left: %s", self->name, entry);
  skip_own (self);
  if (self->cursor == log->len)
    g_ptr_array_add (log, g_strdup (entry));
  else if (strcmp (g_ptr_array_index (log, self->cursor), entry) != 0)
    model_fail (self->model, "%s was told %s, others %s", self->name, entry,
                (char *) g_ptr_array_index (log, self->cursor));
  self->cursor++;
}

static void
hear_of_joined (ModelClient *self, const WherrySignalNews *news)
{
  g_autofree char *entry = g_strdup_printf ("+%s %s", news->peer, news->name);

  hear (self, entry);
  if (!g_hash_table_add (self->roster, g_strdup (news->peer)))
    model_fail (self->model, "%s was told twice: %s", self->name, entry);
}

static void
hear_of_left (ModelClient *self, const WherrySignalNews *news)
{
  g_autofree char *entry
      = g_strdup_printf ("-%s %s", news->peer, wherry_leave_reason_to_string (news->reason));

  hear (self, entry);
  if (!g_hash_table_remove (self->roster, news->peer))
    model_fail (self->model, "%s was told of one that was not there: %s", self->name, entry);
  if (!self->leaves_with)
    return;
  self->leaves_with = FALSE;
  model_client_leave (self);
}

static void
on_news (gpointer user_data, const WherrySignalNews *news)
{
  ModelClient *self = user_data;
  g_autofree char *entry = NULL;

  switch ((int) news->type)
    {
    case WHERRY_SIGNAL_MEMBER_JOINED:
      hear_of_joined (self, news);
      break;
    case WHERRY_SIGNAL_MEMBER_LEFT:
      hear_of_left (self, news);
      break;
    case WHERRY_SIGNAL_MEMBER_AWAY:
    case WHERRY_SIGNAL_MEMBER_BACK:
      entry = g_strdup_printf ("a%s %s", news->peer, wherry_signal_type_to_string (news->type));
      hear (self, entry);
      break;
    case WHERRY_SIGNAL_MSG:
      entry = g_strdup_printf ("m%s %.*s", news->peer, (int) news->length, news->data);
      hear (self, entry);
      break;
    case WHERRY_SIGNAL_SIGNAL:
      if (news->length != 16 || strncmp (news->data, self->id, 16) != 0)
        model_fail (self->model, "%s got a signal for %.*s", self->name, (int) news->length,
                    news->data);
      break;
    default:
      model_fail (self->model, "%s was told of %d", self->name, (int) news->type);
    }
}

static void
look_at_reason (const ModelClient *self)
{
  Model *model = self->model;

  if (self->reason == WHERRY_LEAVE_SLOW)
    model_limits_left_slow (self->model, self->index);
  else if (self->reason == WHERRY_LEAVE_TIMEOUT && self->connected)
    model_fail (model, "%s was connected and left for a timeout", self->name);
  else if (self->reason == WHERRY_LEAVE_FAILED && !self->ended)
    model_fail (model, "%s failed by itself", self->name);
}

static void
end_topics (ModelClient *self)
{
  for (guint i = 0; i < self->channels->len; i++)
    {
      const ModelChannel *channel = g_ptr_array_index (self->channels, i);

      if (!channel->theirs && channel->channel != NULL)
        model_flow_topic_shaken (self->model, self->room, channel->topic, TRUE);
    }
}

static void
gone (ModelClient *self, WherryLeaveReason reason)
{
  Model *model = self->model;

  if (self->left)
    model_fail (model, "%s left twice", self->name);
  model_trace (model, "%s left: %s", self->name, wherry_leave_reason_to_string (reason));
  self->left = TRUE;
  self->reason = reason;
  self->member = NULL;
  g_ptr_array_remove (model->present, self);
  model_flow_forget (self, -1);
  model->dead_bytes += model->max_charge; /* what it had filled an outbox with is there still */
  if (!self->ended)
    {
      if (self->end != NULL)
        model->dead_bytes
            += wherry_stream_transport_get_buffered (WHERRY_STREAM_TRANSPORT (self->end));
      if (self->cut || !self->settled)
        model_flow_cut_off (self);
      else
        end_topics (self); /* all that it had sent is read first */
    }
  look_at_reason (self);
  for (guint i = 0; i < model->present->len; i++)
    if (((ModelClient *) g_ptr_array_index (model->present, i))->room == self->room)
      return;
  model_numbers_forget (&model->rooms[self->room]);
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  ModelClient *self = user_data;

  if (self->resuming && reason == WHERRY_LEAVE_REPLACED)
    return; /* its socket of before */
  if (reason == WHERRY_LEAVE_FAILED && wherry_relay_member_is_cut (self->member))
    {
      model_trace (self->model, "%s is away", self->name);
      self->away = TRUE;
    }
  else
    gone (self, reason);
}

static void
on_ready (gpointer user_data)
{
  model_resume_back (user_data);
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
}

/* Of one without signaling only the owner of the relay hears. */
static void
on_observed (gpointer user_data, WherryRelayMember *member)
{
}

static void
on_observed_left (gpointer user_data, WherryRelayMember *member, WherryLeaveReason reason)
{
  ModelClient *client = find (user_data, wherry_relay_member_get_id (member));

  if (client->detached || client->away)
    gone (client, reason);
}

const WherryRelayObserver model_observer = {
  .joined = on_observed,
  .changed = on_observed,
  .left = on_observed_left,
};

const WherryMemberEvents model_member_events = {
  .refused = on_refused,
  .news = on_news,
  .ready = on_ready,
  .left = on_left,
};

static void
add_other (const WherrySignalMemberRef *member, gpointer data)
{
  ModelClient *self = data;

  if (!g_hash_table_add (self->roster, g_strdup (member->peer)))
    model_fail (self->model, "%s is told twice of %s", self->name, member->name);
}

void
model_told_init (ModelClient *self)
{
  self->cursor = self->model->rooms[self->room].log->len;
  g_hash_table_remove_all (self->roster);
  wherry_relay_member_foreach_other (self->member, add_other, self);
}

/* What it believes at the end, and what was said of those who left. */
static void
check_roster (ModelClient *self)
{
  const GPtrArray *log = self->model->rooms[self->room].log;

  for (guint i = 0; i < self->model->present->len; i++)
    {
      const ModelClient *other = g_ptr_array_index (self->model->present, i);

      if (other != self && other->room == self->room
          && !g_hash_table_contains (self->roster, other->id))
        model_fail (self->model, "%s was not told of %s", self->name, other->name);
    }
  for (guint i = 0; i < log->len; i++)
    {
      const char *entry = g_ptr_array_index (log, i);
      const ModelClient *other = *entry == '-' ? find (self->model, entry + 1) : NULL;

      if (other != NULL && other->left && !other->detached
          && strcmp (entry + 18, wherry_leave_reason_to_string (other->reason)) != 0)
        model_fail (self->model, "%s left: %s, and others were told: %s", other->name,
                    wherry_leave_reason_to_string (other->reason), entry + 18);
    }
}

void
model_told_check (Model *self, gboolean thorough)
{
  guint n[MODEL_ROOMS_MAX] = { 0 };

  for (guint i = 0; i < self->present->len; i++)
    n[((ModelClient *) g_ptr_array_index (self->present, i))->room]++;
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->detached || client->away || client->resuming)
        continue;
      skip_own (client);
      if (client->cursor != self->rooms[client->room].log->len)
        model_fail (self, "%s was not told: %s", client->name,
                    (char *) g_ptr_array_index (self->rooms[client->room].log, client->cursor));
      if (g_hash_table_size (client->roster) != n[client->room] - 1)
        model_fail (self, "%s knows of %u others, there are %u", client->name,
                    g_hash_table_size (client->roster), n[client->room] - 1);
      if (thorough)
        check_roster (client);
    }
}
