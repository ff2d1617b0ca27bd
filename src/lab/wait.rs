//! Waiting for a condition, with a deadline. The only sleep in the program is in here.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks again and again until there is an answer; `None` when the deadline passes first. The last
/// question is asked at the deadline.
pub async fn until<T, E>(
    within: Duration,
    every: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let deadline = Instant::now() + within;
    loop {
        let last = Instant::now() >= deadline;
        if let Some(answer) = ask().await? {
            return Ok(Some(answer));
        }
        if last {
            return Ok(None);
        }
        sleep(every.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
}

/// Asks like [`until`], where nothing else can go on in the meantime: for what is over in
/// milliseconds.
pub fn blocking<T, E>(
    within: Duration,
    every: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let deadline = std::time::Instant::now() + within;
    loop {
        let last = std::time::Instant::now() >= deadline;
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if last {
            return Ok(None);
        }
        std::thread::sleep(
            every.min(deadline.saturating_duration_since(std::time::Instant::now())),
        );
    }
}

/// The pause before something that ended by itself is begun again, or before somebody else is asked
/// too.
pub async fn pause(duration: Duration) {
    sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_asks_until_there_is_an_answer() {
        let mut asked = 0;
        let answer = until(Duration::from_secs(10), Duration::from_secs(1), async || {
            asked += 1;
            Ok::<_, ()>((asked == 4).then_some(asked))
        });
        assert_eq!(answer.await, Ok(Some(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_at_the_deadline_and_asks_once_more_there() {
        let begun = Instant::now();
        let mut asked = 0;
        let answer = until(Duration::from_millis(2500), Duration::from_secs(1), async || {
            asked += 1;
            Ok::<Option<()>, ()>(None)
        });
        assert_eq!(answer.await, Ok(None));
        assert_eq!((asked, begun.elapsed()), (4, Duration::from_millis(2500)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_ends_it_at_once() {
        assert_eq!(
            until(Duration::from_secs(9), Duration::from_secs(1), async || Err::<Option<()>, _>(
                "broken"
            ))
            .await,
            Err("broken")
        );
    }
}
