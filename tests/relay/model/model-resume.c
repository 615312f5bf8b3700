/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "model.h"
#include "wire/wherry-signal.h"

/* Clients that come back. They are subscribed by addressed channels only, so that they may miss
 * nothing and get nothing twice, whenever their connection fails. */

void
model_resume_fail (ModelClient *self)
{
  gboolean may_return = self->resumable && self->settled;

  for (guint i = 0; i < MODEL_TOPICS_MAX; i++)
    {
      ModelTopic *known = &self->topics[i];

      if (known->n_own > 0)
        model_flow_topic_shaken (self->model, self->room, i, TRUE);
      if (may_return
          && (known->kept || (known->n_own == 1 && known->newest->open && !known->unsure)))
        known->kept = TRUE;
      else
        model_flow_forget (self, (int) i);
    }
  self->ended = TRUE;
}

/* As if it had never been connected. */
static void
drop_connection (ModelClient *self)
{
  gint64 now_us = model_now_us (self->model);

  wherry_channel_set_close (self->set);
  g_clear_object (&self->set);
  g_clear_object (&self->end);
  if (self->relay_end != NULL)
    g_object_remove_weak_pointer (G_OBJECT (self->relay_end), (gpointer *) &self->relay_end);
  self->relay_end = NULL;
  if (self->idle->len % 2 == 1)
    g_array_append_val (self->idle, now_us);
  self->started = self->connected = self->settled = self->ended = FALSE;
  self->stalled = self->cut = FALSE;
  self->pace_us = 0;
  self->paused_us = -1;
}

static GPtrArray *
list_places (ModelClient *self)
{
  GPtrArray *places = wherry_signal_places_new ();

  for (guint i = 0; i < MODEL_TOPICS_MAX; i++)
    {
      const ModelTopic *known = &self->topics[i];
      WherrySignalPlace *place;

      if (known->top + known->direct == 0)
        continue;
      place = wherry_signal_places_get (places, model_topic_label (i));
      place->seen = known->top;
      place->direct = known->direct;
    }
  return places;
}

void
model_client_resume (ModelClient *self)
{
  Model *model = self->model;
  g_autoptr (GPtrArray) places = list_places (self);
  char label[8];
  const WherryJoin join = {
    .room = label,
    .name = self->name,
    .history = self->history,
    .resumable = TRUE,
    .resume = self->token,
    .places = places,
  };
  g_autoptr (GError) error = NULL;
  WherrySignalError code;

  if (self->member == NULL || !self->connected || self->resuming)
    return;
  g_snprintf (label, sizeof label, "r%u", self->room);
  model_trace (model, "%s resumes%s", self->name, self->away ? "" : " before the relay knows");
  if (!self->ended) /* what the relay has not read is not read any more */
    {
      model->dead_bytes
          += wherry_stream_transport_get_buffered (WHERRY_STREAM_TRANSPORT (self->end));
      model_flow_cut_off (self);
      model_resume_fail (self);
      self->taken_over = TRUE;
    }
  drop_connection (self);
  self->away = FALSE;
  self->resuming = TRUE;
  self->member
      = wherry_relay_hub_join (model->relay, &join, &model_member_events, self, &code, &error);
  if (self->member == NULL)
    model_fail (model, "%s may not come back: %s", self->name, error->message);
  if (!g_str_equal (wherry_relay_member_get_id (self->member), self->id))
    model_fail (model, "%s comes back as another", self->name);
  g_free (self->token);
  self->token = wherry_relay_member_issue_resume (self->member);
  if (wherry_relay_member_is_ready (self->member))
    model_resume_back (self);
}

/* Whatever its association had taken was accepted. */
static void
check_accepted (ModelClient *self)
{
  g_autoptr (GPtrArray) places = wherry_relay_member_list_accepted (self->member);

  for (guint i = 0; i < places->len; i++)
    {
      const WherrySignalPlace *place = g_ptr_array_index (places, i);
      guint topic = 0;

      while (!g_str_equal (place->topic, model_topic_label (topic)))
        topic++;
      if (place->accepted > self->topics[topic].own
          || (place->accepted < self->topics[topic].own && self->topics[topic].kept
              && !self->taken_over))
        model_fail (self->model,
                    "%s sent %" G_GUINT64_FORMAT " on %s, accepted are %" G_GUINT64_FORMAT,
                    self->name, self->topics[topic].own, place->topic, place->accepted);
      self->topics[topic].same_seat = TRUE;
    }
}

void
model_resume_back (ModelClient *self)
{
  if (!self->resuming || !g_str_equal (self->id, wherry_relay_member_get_id (self->member)))
    return;
  self->resuming = FALSE;
  model_told_init (self); /* who is there now */
  model_trace (self->model, "%s is back", self->name);
  check_accepted (self);
  model_client_start (self);
}

void
model_client_reopen (ModelClient *self)
{
  for (guint i = 0; i < MODEL_TOPICS_MAX; i++)
    {
      const ModelTopic *known = &self->topics[i];

      if (!known->kept || known->n_own > 0 || !model_client_is_usable (self))
        continue;
      model_client_open (self, i, FALSE, TRUE, TRUE);
    }
}
