module tlscases

go 1.26.0
