/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "model.h"

/* What a step is: numbers read as something that somebody does, if there is who can. */

static ModelClient *
pick (Model *self, guint a)
{
  return self->present->len > 0 ? g_ptr_array_index (self->present, a % self->present->len) : NULL;
}

/* One of the client's channels that is not closed. */
static ModelChannel *
pick_channel (ModelClient *self, guint b, gboolean theirs)
{
  ModelChannel *found = NULL;
  guint n = 0;

  for (guint i = 0; i < self->channels->len; i++)
    {
      ModelChannel *channel = g_ptr_array_index (self->channels, i);

      if (channel->channel == NULL || channel->theirs != theirs)
        continue;
      if (b % ++n == 0)
        found = channel;
    }
  return found;
}

static void
step_join (Model *self, const ModelStep *step)
{
  ModelClient *client;
  gboolean resumable;

  if (self->present->len >= self->profile.n_clients)
    return;
  resumable = self->profile.resumes && step->c / 64 % 2 == 0;
  client = model_client_join (self, step->a % self->profile.n_rooms, step->b % 6 != 0 && !resumable,
                              step->b / 8 % 3 == 0 ? step->b / 32 % 16 : 0, resumable,
                              step->c / 128 % 2 == 0);
  client->is_small = self->profile.is_small && step->c % 3 == 0;
  if (step->c % 8 != 0)
    model_client_start (client);
}

static void
step_open (Model *self, const ModelStep *step)
{
  ModelClient *client = pick (self, step->a);
  guint topic = step->b % self->profile.n_topics;

  if (client == NULL || client->channels->len > 100 || client->topics[topic].n_own > 2)
    return;
  if (client->resumable) /* else it could miss something */
    {
      if (!model_topic_is_lossy (topic) && client->topics[topic].n_own == 0)
        model_client_open (client, topic, FALSE, TRUE, TRUE);
      return;
    }
  model_client_open (client, topic, model_topic_is_lossy (topic) || step->c % 6 == 0,
                     step->c % 2 == 0, self->profile.is_addressed && step->c / 8 % 4 != 0);
}

static void
step_send (Model *self, const ModelStep *step, gboolean theirs)
{
  ModelClient *client = pick (self, step->a);
  ModelChannel *channel = client != NULL ? pick_channel (client, step->b, theirs) : NULL;
  guint size = step->c % self->profile.size_max;
  const ModelClient *to = NULL;

  if (channel == NULL)
    return;
  if (step->c % 16 == 0) /* larger than the outbox */
    size = (guint) self->config->outbox.outbox_high + size;
  if (step->b / 64 % 8 == 0)
    model_client_send_again (client, channel);
  if (step->b / 64 % 8 == 1)
    to = pick (self, step->b / 512);
  if (to == client || (to != NULL && to->room != client->room))
    to = NULL;
  model_client_send (client, channel,
                     1
                         + step->c
                               % (theirs                   ? 4
                                  : self->profile.is_tough ? 60
                                                           : 24),
                     size, to);
}

/* A channel that is used at once, and often gone before the hub has heard of it. */
static void
step_blurt (Model *self, const ModelStep *step)
{
  ModelClient *client = pick (self, step->a);
  guint topic = step->b % self->profile.n_topics;
  ModelChannel *channel;

  if (client == NULL || !client->connected || client->resumable || client->channels->len > 100)
    return;
  model_client_open (client, topic, model_topic_is_lossy (topic), TRUE,
                     self->profile.is_addressed && step->c / 8 % 2 != 0);
  channel = client->topics[topic].newest;
  if (channel == NULL)
    return;
  model_client_send (client, channel, 1 + step->c % 8, step->c % self->profile.size_max, NULL);
  if (step->c % 4 == 0)
    model_client_close (client, channel);
  else if (step->c % 4 == 1)
    model_client_kill (client);
}

static void
step_close (Model *self, const ModelStep *step, gboolean theirs)
{
  ModelClient *client = pick (self, step->a);
  ModelChannel *channel = client != NULL ? pick_channel (client, step->b, theirs) : NULL;

  if (channel != NULL)
    model_client_close (client, channel);
}

static void
step_signal (Model *self, const ModelStep *step)
{
  ModelClient *client = pick (self, step->a);
  ModelClient *other = pick (self, step->b);

  if (client == NULL || client->detached || client->away)
    return;
  if (step->c % 4 != 0)
    {
      g_autofree char *text = g_strdup_printf ("{\"n\":%u}", self->step);

      wherry_relay_member_msg (client->member, text, strlen (text));
    }
  else if (wherry_relay_member_signal (client->member, other->id, other->id, 16)
           != (other->room == client->room && !other->detached && !other->away))
    model_fail (self, "%s signals %s", client->name, other->name);
}

static void
step_detach (ModelClient *client)
{
  if (client == NULL || !client->settled || client->ended || client->cut || client->resumable)
    return; /* it would leave */
  model_trace (client->model, "%s has no signaling any more", client->name);
  client->detached = TRUE;
  wherry_relay_member_detach (client->member);
}

static void
step_read (Model *self, const ModelStep *step)
{
  ModelClient *client = pick (self, step->a);

  if (client == NULL)
    return;
  switch (step->b % (self->profile.is_tough ? 6 : 8))
    {
    case 0:
      model_client_set_pace (client, (1 + step->c % 40) * MODEL_TICK_US);
      break;
    case 1:
    case 2:
    case 3:
      model_client_set_stalled (client, TRUE);
      break;
    default:
      if (client->idle->len % 2 == 1)
        model_client_set_stalled (client, FALSE);
      break;
    }
}

static void
step_end (Model *self, const ModelStep *step)
{
  ModelClient *client = pick (self, step->a);

  if (client == NULL)
    return;
  switch (step->b % 8)
    {
    case 0:
    case 1:
      model_client_leave (client);
      break;
    case 2:
    case 3:
      model_client_kill (client);
      break;
    case 4:
      step_detach (client);
      break;
    case 5:
      client->leaves_with = TRUE;
      break;
    default:
      model_client_cut (client, client->cut || step->c % 2 == 0);
      break;
    }
}

/* One whose connection failed, or that believes so. */
static void
step_resume (Model *self, const ModelStep *step)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = pick (self, step->a + i);

      if (client->resumable && (client->away || client->cut))
        {
          model_client_resume (client);
          return;
        }
    }
  if (self->present->len > 0)
    model_client_reopen (pick (self, step->a));
}

/* Shares of a thousand. */
void
model_step (Model *self, const ModelStep *step)
{
  guint op = step->op % 1000;

  if (op < 120 || (op < 300 && self->present->len < self->profile.n_clients / 2))
    step_join (self, step);
  else if (op < 160 && self->present->len > 0)
    model_client_start (pick (self, step->a));
  else if (op < 310)
    step_open (self, step);
  else if (op < 560)
    step_send (self, step, FALSE);
  else if (op < 620)
    step_send (self, step, TRUE);
  else if (op < 660)
    step_close (self, step, FALSE);
  else if (op < 680)
    step_close (self, step, TRUE);
  else if (op < 800)
    step_read (self, step);
  else if (op < 850)
    step_end (self, step);
  else if (op < 870)
    step_signal (self, step);
  else if (op < 880 && self->present->len > 0)
    model_limits_change_policy (pick (self, step->a), step->b % 2 == 0 ? WHERRY_POLICY_LATEST
                                                                       : WHERRY_POLICY_DROP_OLDEST);
  else if (op < 910)
    step_blurt (self, step);
  else if (op < 940 && self->profile.resumes)
    step_resume (self, step);
  else if (op < 995)
    model_advance (self, 1000 * (1 + step->c % (step->b % 4 == 0 ? 4000 : 200)));
  else if (self->profile.n_clients < 50)
    {
      model_stop_relay (self);
      model_start_relay (self);
    }
}
