rootProject.name = "phygital-jvm"
