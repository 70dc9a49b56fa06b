mod options;
mod replies;
