"""What has to be known before anything is written: ids looked up, what is there, which lines to send."""
